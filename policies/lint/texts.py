"""The rules of lint by name: how bad, what it is, what mends it, in German and English.

What lives here: the table. What does not: finding (the other modules of this package). Names say what
the clause of the ODRL Information Model 2.2 is about (`policy.`, `rule.`, `constraint.` ...); the table goes on in
`advice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.lint.finding import Rule, Severity

_E, _W = Severity.ERROR, Severity.WARNING

ODRL_RULES: Final[Mapping[str, Rule]] = {
    "form.unreadable": Rule(
        _E,
        ("Die Datei ist nicht lesbar: {why}", "The file cannot be read: {reason}"),
        ("{hilft}", "{help}"),
    ),
    "form.duplicate": Rule(
        _E,
        ("„{key}“ steht zweimal im selben Objekt.", '"{key}" stands twice in one object.'),
        ("Einen der beiden Einträge streichen.", "Strike one of the two."),
    ),
    "reading.refused": Rule(
        _E,
        ("Das wird nicht verstanden: {why}", "This is not understood: {reason}"),
        ("{hilft}", "{help}"),
    ),
    "reading.refuses": Rule(
        _W,
        (
            "Gültig, aber dieser Verbinder weist es ab: {why}",
            "Valid, but this connector refuses it: {reason}",
        ),
        ("Es so schreiben, dass es eindeutig ist.", "Write it so that it is unambiguous."),
    ),
    "policy.missing": Rule(
        _E,
        ("Die Datei enthält keine Regelung (ODRL 2.1).", "The file states no policy (ODRL 2.1)."),
        ("Eine Regelung der Klasse Set, Offer oder Agreement schreiben.", "Write a Set, an Offer or an Agreement."),
    ),
    "policy.uid": Rule(
        _E,
        ("Die Regelung hat keinen Namen (uid, ODRL 2.1).", "The policy has no name (uid, ODRL 2.1)."),
        ("Ihr einen IRI als uid oder @id geben.", "Give it an IRI as uid or @id."),
    ),
    "policy.uids": Rule(
        _E,
        ("Die Regelung hat mehrere Namen (ODRL 2.1).", "The policy has several names (ODRL 2.1)."),
        ("Nur einen davon behalten.", "Keep one of them."),
    ),
    "policy.rules": Rule(
        _E,
        (
            "Die Regelung hat weder Erlaubnis noch Verbot noch Pflicht (ODRL 2.1).",
            "The policy has no permission, prohibition or obligation (ODRL 2.1).",
        ),
        ("Mindestens eine davon angeben.", "State at least one of them."),
    ),
    "policy.classes": Rule(
        _W,
        (
            "Die Regelung gehört zu mehreren Klassen, die einander ausschließen: {classes}.",
            "The policy is of several classes that exclude each other: {classes}.",
        ),
        ("Nur eine Klasse angeben.", "Name one class."),
    ),
    "policy.replaced": Rule(
        _W,
        (
            "Die Regelung ist durch {by} ersetzt und gilt nicht mehr.",
            "The policy is replaced by {by} and no longer in force.",
        ),
        ("Den Nachfolger verwenden.", "Use its successor."),
    ),
    "offer.assigner": Rule(
        _E,
        ("Im Angebot fehlt, wer es macht (assigner, ODRL 2.1.2).", "The offer lacks its assigner (ODRL 2.1.2)."),
        ("assigner für die Regelung oder jede ihrer Regeln angeben.", "Name the assigner, once or in each rule."),
    ),
    "agreement.assigner": Rule(
        _E,
        (
            "In der Vereinbarung fehlt, wer gewährt (assigner, ODRL 2.1.3).",
            "The agreement lacks its assigner (ODRL 2.1.3).",
        ),
        ("assigner für die Regelung oder jede ihrer Regeln angeben.", "Name the assigner, once or in each rule."),
    ),
    "agreement.assignee": Rule(
        _E,
        (
            "In der Vereinbarung fehlt, wem gewährt wird (assignee, ODRL 2.1.3).",
            "The agreement lacks its assignee (ODRL 2.1.3).",
        ),
        ("assignee für die Regelung oder jede ihrer Regeln angeben.", "Name the assignee, once or in each rule."),
    ),
    "profile.missing": Rule(
        _W,
        (
            "„{term}“ gehört nicht zum Kern von ODRL, und es ist kein Profil angegeben (ODRL 4).",
            '"{term}" is none of ODRL\'s core terms, and no profile is named (ODRL 4).',
        ),
        (
            "profile angeben: http://www.w3.org/ns/odrl/2/ oder urn:allmende:profile:municipal:1.",
            "Name a profile: http://www.w3.org/ns/odrl/2/ or urn:allmende:profile:municipal:1.",
        ),
    ),
    "profile.unknown": Rule(
        _W,
        (
            "Das Profil {profile} ist unbekannt; wer es nicht kennt, muss die Verarbeitung beenden.",
            "The profile {profile} is unknown; a processor that does not know it must stop.",
        ),
        ("Ein bekanntes Profil verwenden.", "Use a profile that is known."),
    ),
    "inherit.circular": Rule(
        _E,
        (
            "Die Regelung erbt über {policy} von sich selbst (ODRL 2.9).",
            "The policy inherits from itself, by {policy} (ODRL 2.9).",
        ),
        ("Den Kreis auftrennen.", "Break the circle."),
    ),
    "inherit.missing": Rule(
        _E,
        ("Die geerbte Regelung {policy} ist nicht zu haben.", "The inherited policy {policy} cannot be had."),
        ("Sie in die Datei aufnehmen oder inheritFrom streichen.", "Put it into the file, or strike inheritFrom."),
    ),
    "inherit.iri": Rule(
        _E,
        ("inheritFrom muss ein IRI sein, nicht „{value}“.", 'inheritFrom has to be an IRI, not "{value}".'),
        ("Die uid der geerbten Regelung angeben.", "Give the uid of the inherited policy."),
    ),
    "conflict.unknown": Rule(
        _E,
        (
            "Die Strategie {strategy} ist unbekannt, und kein Profil erklärt sie (ODRL 2.10).",
            "The strategy {strategy} is unknown, and no profile explains it (ODRL 2.10).",
        ),
        ("perm, prohibit oder invalid angeben.", "Use perm, prohibit or invalid."),
    ),
    "conflict.several": Rule(
        _E,
        (
            "Die Regeln nennen mehrere Strategien (ODRL 2.1, 2.10).",
            "The policy names several strategies (ODRL 2.1, 2.10).",
        ),
        ("Eine davon angeben.", "Name one of them."),
    ),
    "conflict.place": Rule(
        _W,
        ("conflict steht an einer Regel und wirkt dort nicht.", "conflict stands in a rule, where it has no effect."),
        ("Es an der Regelung angeben.", "State it for the policy."),
    ),
    "rule.action": Rule(
        _E,
        ("Die Regel nennt keine Handlung (ODRL 2.6).", "The rule names no action (ODRL 2.6)."),
        ("action angeben, etwa use.", "Name an action, such as use."),
    ),
    "rule.target": Rule(
        _E,
        ("Die Regel nennt kein Ziel (ODRL 2.6.1, 2.6.4).", "The rule names no target (ODRL 2.6.1, 2.6.4)."),
        ("target angeben, oder hasPolicy am Datensatz.", "Name a target, or hasPolicy at the asset."),
    ),
    "rule.nested": Rule(
        _W,
        ("In der Regel steht eine weitere Regel ({kind}).", "Another rule stands within the rule ({kind})."),
        ("Sie an die Regelung hängen.", "Attach it to the policy."),
    ),
    "rule.classes": Rule(
        _W,
        (
            "Die Regel ist als {classes} bezeichnet, steht aber als {kind}.",
            "The rule is called {classes}, but is a {kind}.",
        ),
        ("Nur die passende Klasse angeben.", "Name the class that fits."),
    ),
    "rule.misplaced": Rule(
        _W,
        ("„{term}“ steht an einer Stelle, an der es nichts bewirkt.", '"{term}" stands where it has no effect.'),
        ("Es an die Regel selbst setzen.", "Put it into the rule itself."),
    ),
    "rule.literal": Rule(
        _W,
        (
            "„{value}“ bei {term} ist ein Text, kein IRI; gemeint bleibt offen.",
            '"{value}" for {term} is a text and no IRI; what is meant stays open.',
        ),
        ("Den IRI angeben.", "Give the IRI."),
    ),
    "action.unknown": Rule(
        _E,
        (
            "Die Handlung {action} ist unbekannt, und kein Profil erklärt sie.",
            "The action {action} is unknown, and no profile explains it.",
        ),
        ("Eine Handlung von ODRL nehmen oder das Profil angeben.", "Use an action of ODRL, or name the profile."),
    ),
    "action.deprecated": Rule(
        _W,
        ("Die Handlung {action} ist veraltet.", "The action {action} is deprecated."),
        ("Stattdessen {instead} verwenden.", "Use {instead} instead."),
    ),
    "duty.consequence": Rule(
        _E,
        (
            "Eine Folge hat selbst wieder eine Folge (consequence, ODRL 2.6.6).",
            "A consequence has a consequence of its own (ODRL 2.6.6).",
        ),
        ("Die innere Folge an die ursprüngliche Pflicht hängen.", "Attach the inner one to the original duty."),
    ),
    "remedy.consequence": Rule(
        _E,
        (
            "Eine Wiedergutmachung darf keine Folge haben (remedy, ODRL 2.6.7).",
            "A remedy must not have a consequence (ODRL 2.6.7).",
        ),
        ("Die Folge streichen oder als eigene Pflicht angeben.", "Strike it, or state it as a remedy of its own."),
    ),
    "duty.place": Rule(
        _E,
        (
            "„{term}“ ist bei einer Regel der Art {kind} nicht vorgesehen (ODRL 2.6).",
            '"{term}" has no place in a {kind} (ODRL 2.6).',
        ),
        (
            "duty gehört zur Erlaubnis, remedy zum Verbot, consequence zur Pflicht.",
            "A duty belongs to a permission, a remedy to a prohibition, a consequence to a duty.",
        ),
    ),
    "constraint.left": Rule(
        _E,
        ("Der Bedingung fehlt der linke Operand (ODRL 2.5.1).", "The constraint has no left operand (ODRL 2.5.1)."),
        ("leftOperand angeben.", "State the leftOperand."),
    ),
    "constraint.operator": Rule(
        _E,
        ("Der Bedingung fehlt der Vergleich (operator, ODRL 2.5.1).", "The constraint has no operator (ODRL 2.5.1)."),
        ("operator angeben, etwa eq oder lteq.", "State the operator, such as eq or lteq."),
    ),
    "constraint.right": Rule(
        _E,
        (
            "Der Bedingung fehlt der Wert (rightOperand, ODRL 2.5.1).",
            "The constraint has no rightOperand (ODRL 2.5.1).",
        ),
        ("rightOperand oder rightOperandReference angeben.", "State a rightOperand or a rightOperandReference."),
    ),
    "constraint.several": Rule(
        _E,
        ("Die Bedingung hat {term} mehrmals (ODRL 2.5.1).", "The constraint has {term} more than once (ODRL 2.5.1)."),
        ("Für jeden eine eigene Bedingung schreiben.", "Write a constraint for each."),
    ),
    "constraint.both": Rule(
        _E,
        (
            "Die Bedingung hat einen Wert und einen Verweis auf einen Wert (ODRL 2.5.1).",
            "The constraint has a value and a reference to one (ODRL 2.5.1).",
        ),
        ("Nur einen davon angeben.", "State one of them."),
    ),
    "constraint.reference": Rule(
        _E,
        (
            "rightOperandReference muss ein IRI sein, nicht „{value}“ (ODRL 2.5.1).",
            'rightOperandReference has to be an IRI, not "{value}" (ODRL 2.5.1).',
        ),
        ("Den IRI angeben, unter dem der Wert steht.", "Give the IRI at which the value is found."),
    ),
    "constraint.fetched": Rule(
        _W,
        (
            "Der Wert zu {operand} steht anderswo; er wird nie geholt und ist immer unbekannt.",
            "The value for {operand} is elsewhere; it is never fetched and always unknown.",
        ),
        ("Den Wert in die Regelung schreiben.", "Write the value into the policy."),
    ),
    "constraint.blank": Rule(
        _E,
        (
            "Der Wert ist ein namenloser Knoten (rightOperand, ODRL 2.5.1).",
            "The rightOperand is a node without a name (ODRL 2.5.1).",
        ),
        ("Einen Wert oder einen IRI angeben.", "Give a value or an IRI."),
    ),
    "constraint.set": Rule(
        _E,
        (
            "Der Vergleich {operator} nimmt nur einen Wert (ODRL 2.5.1).",
            "The operator {operator} takes a single value (ODRL 2.5.1).",
        ),
        ("isAnyOf, isNoneOf oder isAllOf verwenden.", "Use isAnyOf, isNoneOf or isAllOf."),
    ),
    "constraint.foreign": Rule(
        _W,
        (
            "Die Bedingung hat keine Bestandteile, die ODRL kennt.",
            "The constraint has no parts that ODRL knows.",
        ),
        ("leftOperand, operator und rightOperand angeben.", "State leftOperand, operator and rightOperand."),
    ),
    "operand.unknown": Rule(
        _E,
        (
            "Der linke Operand {operand} ist unbekannt, und kein Profil erklärt ihn.",
            "The left operand {operand} is unknown, and no profile explains it.",
        ),
        ("Einen bekannten Operanden nehmen oder das Profil angeben.", "Use one that is known, or name the profile."),
    ),
    "operand.deprecated": Rule(
        _W,
        ("Der linke Operand {operand} ist veraltet.", "The left operand {operand} is deprecated."),
        ("Stattdessen {instead} verwenden.", "Use {instead} instead."),
    ),
    "operand.place": Rule(
        _W,
        (
            "„{operand}“ hat an dieser Stelle keine Wirkung.",
            '"{operand}" has no effect in this place.',
        ),
        ("Ihn dorthin setzen, wo er wirkt: {places}.", "Put it where it has one: {places}."),
    ),
    "operator.unknown": Rule(
        _E,
        (
            "Der Vergleich {operator} ist unbekannt, und kein Profil erklärt ihn.",
            "The operator {operator} is unknown, and no profile explains it.",
        ),
        ("Einen der zwölf Vergleiche von ODRL verwenden.", "Use one of the twelve operators of ODRL."),
    ),
    "operator.unfit": Rule(
        _W,
        ("„{operator}“ ist bei {operand} nicht entscheidbar.", '"{operator}" cannot be decided for {operand}.'),
        ("Einen dieser Vergleiche verwenden: {fit}.", "Use one of these operators: {fit}."),
    ),
    "logical.member": Rule(
        _E,
        (
            "Ein Glied von „{term}“ ist keine Bedingung (ODRL 2.5.2).",
            'A member of "{term}" is no constraint (ODRL 2.5.2).',
        ),
        ("Nur Bedingungen aufzählen.", "List constraints only."),
    ),
    "logical.mixed": Rule(
        _E,
        (
            "Die Bedingung verknüpft auf mehrere Arten zugleich (ODRL 2.5.2).",
            "The constraint connects in several ways at once (ODRL 2.5.2).",
        ),
        ("Die Verknüpfungen ineinander schachteln.", "Nest one in the other."),
    ),
    "logical.order": Rule(
        _E,
        (
            "Die Reihenfolge von andSequence ist verloren, weil es keine Liste ist (ODRL 2.5.2).",
            "The order of andSequence is lost, because it is no list (ODRL 2.5.2).",
        ),
        ("Die Glieder als Liste schreiben.", "Write the members as a list."),
    ),
    "collection.source": Rule(
        _E,
        (
            "Eine Sammlung mit Einschränkung nennt ihre Quelle nicht (source, ODRL 2.2.2, 2.3.2).",
            "A collection with a refinement names no source (ODRL 2.2.2, 2.3.2).",
        ),
        ("source angeben.", "Name its source."),
    ),
    "refinement.place": Rule(
        _E,
        (
            "Eine Einschränkung (refinement) steht an der Regel selbst (ODRL 2.5.3).",
            "A refinement stands at the rule itself (ODRL 2.5.3).",
        ),
        (
            "Sie gehört zur Handlung oder zu einer Sammlung; an der Regel heißt es constraint.",
            "It belongs to the action or to a collection; at the rule it is a constraint.",
        ),
    ),
    "property.unknown": Rule(
        _E,
        (
            "ODRL kennt „{term}“ nicht, und kein Profil erklärt es; was darunter steht, gilt nicht.",
            'ODRL does not have "{term}", and no profile explains it; what stands below it does not count.',
        ),
        ("Die Schreibweise prüfen.", "Check the spelling."),
    ),
    "value.lexical": Rule(
        _E,
        ("„{value}“ ist nicht als {datatype} geschrieben.", '"{value}" is not written as {datatype}.'),
        ("Den Wert oder seinen Datentyp berichtigen.", "Mend the value or its datatype."),
    ),
    "term.unknown": Rule(
        _W,
        ("ODRL kennt den Begriff {term} nicht.", "ODRL does not know the term {term}."),
        ("Die Schreibweise prüfen; sonst wirkt er nicht.", "Check the spelling; else it has no effect."),
    ),
}
"""Validity by the ODRL Information Model 2.2, and what a processor makes of a file."""

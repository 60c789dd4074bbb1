"""Sentences in German and English for every code and clause: templates, and nothing else.

What lives here: the wording. What does not: filling it in (`explain`). A field is `{name}` or `{name:kind}`, where the
kind says how the value is shown: `time`, `end` (of something: the last day), `period`, `list` (of purposes or places),
`clauses` (of the notation), `rule`, `term`, `operand` (what people call it), `demand` (a constraint in short: operand,
operator, values), `asks` (the same in brackets, if it is there), `when` (several of
them, if they are there), `facts` (what is known of the reason's `operand`).
A parameter that is missing is shown as "?".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.leaving import REASONS as LEAVING
from policies.operands import Assurance, Both

REASONS: Final[Mapping[str, Both]] = {
    # decisions
    "fact.unknown": (
        "Nicht bekannt: {operand:operand}{demanded:asks}. Im Zweifel wird abgelehnt.",
        "Not known: {operand:operand}{demanded:asks}. In doubt it is refused.",
    ),
    "fact.unclear": (
        "Ob das zutrifft, lässt sich nicht sagen: {demanded:demand}. Bekannt ist: {asked:facts}.",
        "Whether this is so cannot be said: {demanded:demand}. Known is: {asked:facts}.",
    ),
    "fact.unmet": (
        "Nicht erfüllt ist: {demanded:demand}. Bekannt ist: {asked:facts}.",
        "What fails: {demanded:demand}. Known is: {asked:facts}.",
    ),
    "assignee.other": (
        "Diese Bedingungen gelten nur für {assignee}, nicht für den, der anfragt.",
        "These terms are for {assignee} only, not for whoever asks.",
    ),
    "target.other": (
        "Diese Bedingungen gelten für {target}, nicht für {asked}.",
        "These terms are about {target}, not about {asked}.",
    ),
    "action.outside": (
        "Erlaubt ist nur: {allowed:term}; angefragt wurde: {asked:term}.",
        "Only {allowed:term} is permitted; {asked:term} was asked for.",
    ),
    "no_permission": ("Die Bedingungen erlauben nichts.", "The terms permit nothing."),
    "prohibited": (
        "Ein Verbot greift ({rule:rule}{conditions:when}).",
        "A prohibition applies ({rule:rule}{conditions:when}).",
    ),
    "prohibited.unclear": (
        "Ein Verbot lässt sich nicht ausschließen ({rule:rule}{conditions:when}); im Zweifel wird abgelehnt.",
        "A prohibition cannot be ruled out ({rule:rule}{conditions:when}); in doubt the access is refused.",
    ),
    "duty.open": (
        "Eine Pflicht kommt vor der Nutzung und ist noch nicht erfüllt ({action:term}).",
        "A duty comes before the use and is not fulfilled yet ({action:term}).",
    ),
    "duty.violated": (
        "Eine Pflicht wurde verletzt ({action:term}).",
        "A duty was violated ({action:term}).",
    ),
    "conflict.never": (
        "Die Bedingungen dieser Regel können nie zusammen erfüllt sein ({operands}).",
        "The constraints of this rule can never hold together ({operands}).",
    ),
    "conflict.permission": (
        "Was erlaubt ist ({action:term}), ist zugleich verboten ({prohibited:term}).",
        "What is permitted ({action:term}) is prohibited as well ({prohibited:term}).",
    ),
    "conflict.duty": (
        "Was zu tun ist ({action:term}), ist verboten ({prohibited:term}).",
        "What has to be done ({action:term}) is prohibited ({prohibited:term}).",
    ),
    "conflict.unpermitted": (
        "Was zu tun ist ({action:term}), ist so nicht erlaubt ({operands}).",
        "What has to be done ({action:term}) is not permitted as it has to be done ({operands}).",
    ),
    "conflict.terms": (
        "Keine Nutzung erfüllt beide Seiten zugleich ({operands}).",
        "No use meets both sides at once ({operands}).",
    ),
    "conflict.silent": (
        "Eine Seite sagt nichts zu {operands}; ob beide zusammenpassen, bleibt offen.",
        "One side says nothing about {operands}; whether both fit stays open.",
    ),
    "conflict.unsure": (
        "Ob sich beides verträgt, lässt sich nicht sagen ({operands}).",
        "Whether both go together cannot be said ({operands}).",
    ),
    "conflict.void": (
        "Eine Erlaubnis und ein Verbot widersprechen sich ({permission:rule}, {prohibition:rule}); "
        "damit gilt die ganze Regelung nicht.",
        "A permission and a prohibition contradict each other ({permission:rule}, {prohibition:rule}); "
        "so the whole policy is void.",
    ),
    "request.times": (
        "Die Anfrage nennt zwei verschiedene Zeiten.",
        "The request states two different times.",
    ),
    "form.json": ("Das ist kein JSON.", "This is not JSON."),
    "value.reference": (
        "Der Wert zu {operand} steht nicht in den Bedingungen, sondern anderswo ({reference}); er ist unbekannt.",
        "The value for {operand} is not in the terms but elsewhere ({reference}); it is not known.",
    ),
    "choice.several": (
        "Genau eine der Alternativen muss zutreffen, es sind aber {held}.",
        "Exactly one of the alternatives must hold, but {held} do.",
    ),
    "time.before": (
        "Die Nutzung ist noch nicht erlaubt: Beginn {from:time}, jetzt {now:time}.",
        "Use is not permitted yet: it begins {from:time}, and now it is {now:time}.",
    ),
    "time.over": (
        "Die Nutzung ist nicht mehr erlaubt: Ende {until:time}, jetzt {now:time}.",
        "Use is no longer permitted: it ended {until:time}, and now it is {now:time}.",
    ),
    "time.outside": (
        "Zu dieser Zeit ist die Nutzung nicht erlaubt: maßgeblich {time:time}, jetzt {now:time}.",
        "Use is not permitted at this time: what counts is {time:time}, and now it is {now:time}.",
    ),
    "count.exhausted": (
        "Die erlaubten Nutzungen sind aufgebraucht: {used} von {limit}.",
        "The permitted uses are exhausted: {used} of {limit}.",
    ),
    "count.early": (
        "Erlaubt ist es erst nach Nutzung Nummer {before}; bisherige Nutzungen: {used}.",
        "It is permitted only after use number {before}; uses so far: {used}.",
    ),
    "purpose.unknown": (
        "Es wurde kein Zweck angegeben (--purpose). Erlaubt: {allowed:list}.",
        "No purpose was stated (--purpose). Permitted: {allowed:list}.",
    ),
    "purpose.outside": (
        "Der Zweck {asked:list} ist nicht erlaubt. Erlaubt: {allowed:list}.",
        "The purpose {asked:list} is not permitted. Permitted: {allowed:list}.",
    ),
    "purpose.excluded": (
        "Der Zweck {asked:list} ist ausgeschlossen. Ausgeschlossen sind: {excluded:list}.",
        "The purpose {asked:list} is excluded. Excluded are: {excluded:list}.",
    ),
    "purpose.unclear": (
        "Ob der Zweck {asked:list} zu {named:list} gehört, lässt sich nicht sagen.",
        "It cannot be said whether the purpose {asked:list} belongs to {named:list}.",
    ),
    "spatial.unknown": (
        "Es wurde kein Ort der Nutzung angegeben. Erlaubt: {allowed:list}.",
        "No place of use was stated. Permitted: {allowed:list}.",
    ),
    "spatial.outside": (
        "Der Ort der Nutzung {asked:list} liegt außerhalb von {allowed:list}.",
        "The place of use {asked:list} is outside {allowed:list}.",
    ),
    "spatial.excluded": (
        "Der Ort der Nutzung {asked:list} ist ausgeschlossen. Ausgeschlossen sind: {excluded:list}.",
        "The place of use {asked:list} is excluded. Excluded are: {excluded:list}.",
    ),
    "spatial.unclear": (
        "Ob der Ort der Nutzung {asked:list} zu {named:list} gehört, lässt sich nicht sagen.",
        "It cannot be said whether the place of use {asked:list} belongs to {named:list}.",
    ),
    # what cannot be understood
    "operand.unknown": (
        "Der linke Operand „{operand}“ ist hier nicht bekannt.",
        "The left operand “{operand}” is not known here.",
    ),
    "operator.unknown": ("Der Operator „{operator}“ ist nicht bekannt.", "The operator “{operator}” is not known."),
    "operator.unfit": (
        "Der Operator „{operator}“ passt nicht zu {operand}.",
        "The operator “{operator}” does not fit {operand}.",
    ),
    "term.unknown": (
        "Der Begriff „{term}“ wird hier nicht verstanden; deshalb gilt die ganze Vereinbarung als nicht verstanden.",
        "The term “{term}” is not understood here, so the whole policy is refused.",
    ),
    "term.empty": ("Bei „{term}“ steht nichts.", "Nothing stands at “{term}”."),
    "term.missing": ("Es fehlt „{term}“.", "“{term}” is missing."),
    "form.unknown": (
        "In welcher Form „{form}“ geschrieben ist, ist nicht zu erkennen (TOML, JSON-LD, Turtle, JSON).",
        "It cannot be told in what form “{form}” is written (TOML, JSON-LD, Turtle, JSON).",
    ),
    "form.toml": (
        "Das ist kein gültiges TOML.",
        "This is not valid TOML.",
    ),
    "form.utf8": (
        "Der Text ist nicht in UTF-8 geschrieben.",
        "The text is not written in UTF-8.",
    ),
    "form.graph": (
        "Turtle kann hier nicht gelesen werden.",
        "Turtle cannot be read here.",
    ),
    "form.carry": (
        "Diese Form hat für „{term}“ keinen Platz; es würde verloren gehen.",
        "This form has no place for “{term}”; it would be lost.",
    ),
    "turtle.unreadable": (
        "Das ist kein gültiges Turtle.",
        "This is not valid Turtle.",
    ),
    "turtle.large": (
        "Das Dokument ist zu groß (höchstens {limit}).",
        "The document is too large (at most {limit}).",
    ),
    "consequence.nested": (
        "Was aus einer Pflicht folgt oder ein Verbot heilt, hat selbst keine Folgen.",
        "What follows from a duty or makes up for a prohibition has no consequence of its own.",
    ),
    "form.large": (
        "Das Dokument ist zu groß (höchstens {limit} Bytes).",
        "The document is too large (at most {limit} bytes).",
    ),
    "form.many": (
        "Das Dokument nennt zu vieles (höchstens {limit}).",
        "The document names too much (at most {limit}).",
    ),
    "form.deep": (
        "Tiefer als {limit} Ebenen verschachtelte Angaben werden nicht gelesen.",
        "What is nested deeper than {limit} levels is not read.",
    ),
    "form.duplicate": (
        "„{key}“ steht zweimal im selben Objekt.",
        "“{key}” stands twice in one object.",
    ),
    "iri.unfit": (
        "„{iri}“ ist kein Bezeichner (IRI): zu lang, oder darin stehen Leer- oder unsichtbare Zeichen.",
        "“{iri}” is no identifier (IRI): too long, or with blanks or characters that nobody sees.",
    ),
    "inherit.many": (
        "Von mehr als {limit} anderen Bedingungen wird nicht geerbt.",
        "Inheriting from more than {limit} other policies is not done.",
    ),
    "iri.relative": (
        "„{iri}“ ist kein vollständiger Bezeichner (IRI).",
        "“{iri}” is not a full identifier (IRI).",
    ),
    "context.redefined": (
        "Der eigene JSON-LD-Kontext gibt „{term}“ eine andere Bedeutung.",
        "The document's own JSON-LD context gives “{term}” another meaning.",
    ),
    "policy.missing": (
        "Das Dokument enthält keine Nutzungsbedingungen.",
        "The document contains no policy.",
    ),
    "policy.types": (
        "Die Bedingungen können nicht zugleich {types} sein.",
        "A policy cannot be {types} at once.",
    ),
    "policy.replaced": (
        "Diese Bedingungen sind ersetzt durch {by} und gelten nicht mehr.",
        "This policy has been replaced by {by} and is void.",
    ),
    "profile.missing": (
        "„{term}“ gehört nicht zum Kern von ODRL; die Bedingungen müssen ein Profil nennen, das den Begriff kennt.",
        "“{term}” is not of ODRL's core; the policy has to name a profile that knows the term.",
    ),
    "conflict.unknown": (
        "Die Konfliktregel „{conflict}“ ist nicht bekannt.",
        "The conflict strategy “{conflict}” is not known.",
    ),
    "inherit.missing": (
        "Die Bedingungen {policy}, von denen geerbt wird, liegen nicht vor.",
        "The policy {policy} that is inherited from cannot be had.",
    ),
    "inherit.circular": (
        "Die Vererbung führt im Kreis (über {policy}).",
        "The inheritance goes in a circle (by way of {policy}).",
    ),
    "constraint.mixed": (
        "Eine Bedingung kann nicht zwei Verknüpfungen haben („{term}“).",
        "A constraint cannot have two connectives (“{term}”).",
    ),
    "sequence.unordered": (
        "Eine Reihenfolge (andSequence) muss als Liste geschrieben sein, sonst ist sie keine.",
        "A sequence (andSequence) has to be written as a list, or it is none.",
    ),
    "value.both": (
        "Eine Bedingung nennt einen Wert und einen Verweis auf einen Wert; nur eines von beiden geht.",
        "A constraint names a value and a reference to a value; only one of them can be.",
    ),
    "value.mixed": (
        "Die Werte zu {operand} haben verschiedene Datentypen.",
        "The values for {operand} have different datatypes.",
    ),
    "party.type": (
        "„{type}“ ist keine Art von Beteiligten.",
        "“{type}” is no kind of party.",
    ),
    "form.object": ("Hier muss ein Objekt stehen.", "An object is due here."),
    "form.identifier": (
        "„{key}“ muss ein Bezeichner ohne Leerzeichen sein.",
        "“{key}” must be an identifier without blanks.",
    ),
    "policy.type": (
        "Die Art „{type}“ passt nicht; erwartet wird {expected}.",
        "The type “{type}” does not fit; {expected} is expected.",
    ),
    "rule.type": ("Die Art der Regel „{type}“ passt nicht zu ihrem Platz.", "The type “{type}” does not fit the rule."),
    "rule.twice": (
        "Zwei verschiedene Regeln tragen denselben Namen {rule}.",
        "Two different rules have the same name {rule}.",
    ),
    "rules.missing": ("Es gibt weder Erlaubnis noch Verbot.", "There is neither a permission nor a prohibition."),
    "rules.many": ("Mehr als {limit} Regeln werden nicht gelesen.", "No more than {limit} rules are read."),
    "action.unknown": ("Die Handlung „{action}“ ist nicht bekannt.", "The action “{action}” is not known."),
    "constraint.type": (
        "Die Art der Bedingung „{type}“ ist nicht bekannt.",
        "The constraint type “{type}” is unknown.",
    ),
    "constraint.empty": ("„{term}“ braucht mindestens eine Bedingung.", "“{term}” needs at least one constraint."),
    "constraint.depth": (
        "Tiefer als {limit} Ebenen verschachtelte Bedingungen werden nicht gelesen.",
        "Constraints nested deeper than {limit} levels are not read.",
    ),
    "constraint.many": (
        "Mehr als {limit} Bedingungen werden nicht gelesen.",
        "No more than {limit} constraints are read.",
    ),
    "value.several": (
        "Zu {operand} {operator} gehört genau ein Wert.",
        "{operand} {operator} takes exactly one value.",
    ),
    "value.missing": ("Zu {operand} fehlt ein Wert.", "A value is missing for {operand}."),
    "value.form": (
        "Der Wert zu {operand} muss ein Text, ein Wert mit Datentyp oder eine IRI sein, keine bloße Zahl.",
        "The value of {operand} must be a string, a typed value or an IRI, not a bare number.",
    ),
    "value.datatype": (
        "Der Datentyp {datatype} passt nicht zu {operand}.",
        "The datatype {datatype} does not fit {operand}.",
    ),
    "value.unreadable": (
        "Der Wert „{value}“ ist für {operand} nicht lesbar.",
        "The value “{value}” cannot be read for {operand}.",
    ),
    "sentence.unclear": (
        "Der Satz „{line}“ lässt sich hier nicht eindeutig lesen.",
        "The sentence “{line}” cannot be read without doubt here.",
    ),
    "template.unknown": (
        "Eine Vorlage „{name}“ gibt es nicht.",
        "There is no template “{name}”.",
    ),
    "template.answer": (
        "Die Vorlage „{name}“ fragt nicht nach „{key}“.",
        "The template “{name}” does not ask for “{key}”.",
    ),
    "template.iri": (
        "„{value}“ ist kein Bezeichner (IRI wie urn:stadt:regeln, https://… oder did:web:…), gefragt ist „{key}“.",
        "“{value}” is no identifier (an IRI such as urn:town:terms, https://… or did:web:…), asked for “{key}”.",
    ),
    "template.word": (
        "„{value}“ ist nicht lesbar; zu „{key}“ werden Namen ohne Leerzeichen erwartet, mehrere mit Komma getrennt.",
        "“{value}” cannot be read; for “{key}” names without blanks are due, several of them separated by commas.",
    ),
    "template.number": (
        "„{value}“ ist keine ganze Zahl, gefragt ist „{key}“.",
        "“{value}” is no whole number, asked for “{key}”.",
    ),
    "template.range": (
        "„{value}“ liegt nicht zwischen {least} und {most}, gefragt ist „{key}“.",
        "“{value}” is not between {least} and {most}, asked for “{key}”.",
    ),
    "template.date": (
        "„{value}“ ist kein Datum wie 2027-12-31, gefragt ist „{key}“.",
        "“{value}” is no date such as 2027-12-31, asked for “{key}”.",
    ),
    "template.early": (
        "„{value}“ liegt vor „{other}“ ({bound}), gefragt ist „{key}“.",
        "“{value}” is before “{other}” ({bound}), asked for “{key}”.",
    ),
    "template.period": (
        "„{value}“ ist kein Zeitraum wie P30D oder PT15M, gefragt ist „{key}“.",
        "“{value}” is no period such as P30D or PT15M, asked for “{key}”.",
    ),
    "template.rate": (
        "„{value}“ ist keine Anzahl in einem Zeitraum wie 100/PT1H (höchstens 31 Tage), gefragt ist „{key}“.",
        "“{value}” is no number within a period such as 100/PT1H (31 days at most), asked for “{key}”.",
    ),
    "template.season": (
        "„{value}“ ist keine Zeit im Jahr wie 11-01/03-31, gefragt ist „{key}“.",
        "“{value}” is no time of the year such as 11-01/03-31, asked for “{key}”.",
    ),
    "template.purpose": (
        "„{value}“ nennt einen Zweck, den es nicht gibt.",
        "“{value}” names a purpose that does not exist.",
    ),
    "template.basis": (
        "„{value}“ ist keine Rechtsgrundlage der DSGVO.",
        "“{value}” is no legal basis of the GDPR such as A6-1-e or A9-2-i.",
    ),
    "template.long": (
        "Die Antwort zu „{key}“ ist zu lang (höchstens {limit} Zeichen).",
        "The answer for “{key}” is too long (at most {limit} characters).",
    ),
    "context.unknown": (
        "Der JSON-LD-Kontext „{context}“ ist nicht bekannt.",
        "The JSON-LD context “{context}” is not known.",
    ),
    "profile.unknown": ("Das Profil „{profile}“ ist nicht bekannt.", "The profile “{profile}” is not known."),
    "terms.unreadable": (
        "„{value}“ ist als {term:option} nicht bekannt oder nicht lesbar.",
        "“{value}” is not known, or cannot be read, as {term:option}.",
    ),
    "terms.entangled": (
        "Die Bedingungen verknüpfen {operands} mit anderem; bitte die Regeln als Ganzes neu fassen.",
        "The terms tie {operands} to something else; please state the rules as a whole.",
    ),
    "notice.unclear": (
        "Jede Erlaubnis muss dieselbe eine Kündigungsfrist nennen, oder keine.",
        "Every permission has to name the same one notice period, or none.",
    ),
    # differences
    "beyond.notice": (
        "Kündigungsfrist: verlangt: {asked:period}; angeboten: {offered:period}.",
        "Notice period: asked {asked:period}; offered {offered:period}.",
    ),
    "beyond.permission": ("Das Angebot erlaubt nichts.", "The offer permits nothing."),
    "beyond.duty": (
        "Pflicht: das Angebot verlangt „{action:term}“, verlangt wird es hier nicht oder weniger streng.",
        "Duty: the offer demands {action:term}; what is asked does not, or less strictly.",
    ),
    "beyond.obligation": (
        "Verpflichtung: das Angebot verlangt „{action:term}“, die Anfrage nicht mit denselben Worten.",
        "Obligation: the offer demands {action:term}; what is asked does not in the same words.",
    ),
    "beyond.foreign": (
        "Verpflichtung: „{action:term}“ soll jemand tun, von dem das Angebot es nicht verlangt.",
        "Obligation: {action:term} is to be done by somebody of whom the offer does not demand it.",
    ),
    "beyond.parties": (
        "Die Anfrage nennt andere Beteiligte oder Ergebnisse als das Angebot.",
        "What is asked names other parties or outputs than the offer.",
    ),
    "beyond.asking": (
        "Die Anfrage will selbst bestimmen, nach welchen Werten die Daten ausgewählt, gezählt oder gerastert werden, "
        "bevor etwas an ihnen weggelassen wird ({steps}); das Angebot sieht das nicht vor.",
        "What is asked wants to choose by which values the data are selected, counted or put on a grid before anything "
        "is taken away from them ({steps}); the offer does not provide for that.",
    ),
    "beyond.terms": (
        "Die Anfrage erlaubt etwas, was das Angebot nicht erlaubt.",
        "What is asked permits something that the offer does not.",
    ),
    "unclear.terms": (
        "Es lässt sich nicht zeigen, dass die Anfrage innerhalb des Angebots liegt.",
        "It cannot be shown that what is asked lies within the offer.",
    ),
    "bounds.large": (
        "Grenzen sind höchstens {limit} Bytes lang.",
        "Limits are {limit} bytes long at most.",
    ),
    "bounds.target": (
        "Grenzen nennen keinen Datensatz: sie gelten für den des Angebots.",
        "Limits name no asset: they are for that of the offer.",
    ),
    "bounds.nothing": (
        "Innerhalb dieser Grenzen ließe sich nichts vereinbaren.",
        "Nothing could be agreed within these limits.",
    ),
    "bounds.limits": (
        "Die Anfrage hat mit den Grenzen zu wenig gemeinsam; geantwortet wird mit den Grenzen selbst.",
        "What is asked has too little in common with the limits; the answer is the limits themselves.",
    ),
    "bounds.action": (
        "Handlung: verlangt „{asked:term}“; möglich „{answered:term}“.",
        "Action: asked {asked:term}; possible {answered:term}.",
    ),
    "bounds.narrowed": (
        "Verlangt: {asked:clauses}; möglich: {answered:clauses}.",
        "Asked {asked:clauses}; possible {answered:clauses}.",
    ),
    "bounds.added": (
        "Hinzu kommt: {answered:clauses}.",
        "What is added: {answered:clauses}.",
    ),
    "bounds.changed": (
        "Die Bedingung zu {operands} wurde an die Grenzen angepasst.",
        "The condition on {operands} was brought within the limits.",
    ),
    "bounds.duty": (
        "Hinzu kommt die Pflicht „{action:term}“, so streng wie die Grenzen es verlangen.",
        "What is added: the duty {action:term}, as strict as the limits demand.",
    ),
    "bounds.prohibition": (
        "Hinzu kommt das Verbot „{action:term}“.",
        "What is added: the prohibition {action:term}.",
    ),
    "bounds.obligation": (
        "Hinzu kommt die Verpflichtung „{action:term}“.",
        "What is added: the obligation {action:term}.",
    ),
    "bounds.dropped": (
        "Nicht übernommen: „{action:term}“, weil es jemanden bindet, den die Grenzen nicht binden.",
        "Left out: {action:term}, because it binds somebody whom the limits do not bind.",
    ),
    "bounds.notice": (
        "Kündigungsfrist: verlangt {asked:period}; möglich {answered:period}.",
        "Notice period: asked {asked:period}; possible {answered:period}.",
    ),
    "query.unknown": (
        "In der Frage wird nicht verstanden: „{words}“. Fragen lässt sich: kein Vertrag gibt (erlaubt) WAS [für ZWECK]"
        " [an IRI] [in ORT] [vor DATUM] [nach DATUM] [wobei OPERAND OPERATOR WERT und …]; WAS ist eine Klasse von Daten"
        " (personenbezogene Daten), eine Handlung (Weitergabe), beides oder „etwas“. Beispiel: kein Vertrag gibt"
        " personenbezogene Daten für einen kommerziellen Zweck.",
        "In the question this is not understood: “{words}”. What can be asked: no contract gives (permits) WHAT [for"
        " PURPOSE] [to IRI] [in PLACE] [before DATE] [after DATE] [where OPERAND OPERATOR VALUE and …]; WHAT is a class"
        " of data (personal data), an action (distribute), both, or “anything”. Example: no contract gives personal"
        " data for a commercial purpose.",
    ),
    "prove.disputed": (
        "Die eigene Prüfung findet keine solche Anfrage, der Solver hält eine für möglich.",
        "Our own check finds no such request, the solver thinks that there is one.",
    ),
    "next.unknown": (
        "Die Regeln für die Weitergabe („{policy}“) liegen nicht vor.",
        "The rules for passing the data on (“{policy}”) are not at hand.",
    ),
    "compare.not_shown": (
        "Ein Unterschied ist nicht ausgeschlossen, aber keine Anfrage zeigt ihn.",
        "A difference is not ruled out, but no request shows it.",
    ),
    "compare.too_large": (
        "Die Bedingungen sind zu umfangreich für einen Vergleich.",
        "The terms are too large to compare.",
    ),
    **{
        f"{sort}.{subject}": (
            f"{de} – verlangt: {{asked:clauses}}; angeboten: {{offered:clauses}}.{doubt_de}",
            f"{en} – asked: {{asked:clauses}}; offered: {{offered:clauses}}.{doubt_en}",
        )
        for sort, doubt_de, doubt_en in (
            ("beyond", "", ""),
            (
                "unclear",
                " Es lässt sich nicht zeigen, dass das innerhalb des Angebots liegt.",
                " It cannot be shown that this lies within the offer.",
            ),
        )
        for subject, de, en in (
            ("time", "Zeit", "Time"),
            ("count", "Anzahl", "Number of uses"),
            ("purpose", "Zweck", "Purpose"),
            ("spatial", "Ort", "Place"),
            ("operand", "Bedingung", "Condition"),
            ("assignee", "Nutzer", "User"),
            ("target", "Gegenstand", "Subject"),
            ("action", "Handlung", "Action"),
        )
    },
    **LEAVING,
}
"""Code -> sentence, in German and English."""

ASSURANCES: Final[Mapping[Assurance, Both]] = {
    Assurance.ENFORCED: ("durchgesetzt", "enforced"),
    Assurance.ATTESTED: ("bestätigt", "attested"),
    Assurance.DECLARED: ("erklärt", "declared"),
}

LEGEND: Final[Mapping[Assurance, Both]] = {
    Assurance.ENFORCED: (
        "Durchgesetzt: Dieser Knoten prüft oder erledigt es selbst, bevor Daten abfließen. "
        "Für Kopien, die schon fort sind, gilt es nur als Zusage.",
        "Enforced: this node checks or does it before data leave. For copies that have left already it is a promise.",
    ),
    Assurance.ATTESTED: (
        "Bestätigt: Die Gegenseite hat dafür einen Nachweis, für den ein Dritter einsteht, oder eine Quittung.",
        "Attested: the other side has a proof that a third party vouches for, or a receipt.",
    ),
    Assurance.DECLARED: (
        "Erklärt: Die Gegenseite sagt es zu; nachprüfen kann dieser Knoten es nicht.",
        "Declared: the other side says so; this node cannot check it.",
    ),
}
"""What the marks mean."""

OPTIONS: Final[Mapping[str, Both]] = {
    "purposes": ("Zweck", "a purpose"),
    "spatial": ("Ort", "a place"),
    "not_before": ("Beginn", "a beginning"),
    "until": ("Ende", "an end"),
    "at": ("Zeitpunkt", "an instant"),
    "count": ("Anzahl", "a number"),
    "assignee": ("Nutzer", "a user"),
    "notice": ("Frist", "a period"),
}
"""What people say in a few words of terms of use -> what these are."""

TERMS: Final[Mapping[str, Both]] = {
    "permission": ("Erlaubnis", "permission"),
    "prohibition": ("Verbot", "prohibition"),
    "obligation": ("Verpflichtung", "obligation"),
    "duty": ("Pflicht", "duty"),
    "not": ("nicht", "not"),
    "nothing": ("keine Angabe", "nothing stated"),
    "action": ("Handlung", "action"),
    "assignee": ("Nutzer", "user"),
    "target": ("Gegenstand", "subject"),
    "applies": ("Es greift ({}): {}.", "What applies ({}): {}."),
    "fails": ("Nicht erfüllt ist ({}): {}.", "What fails ({}): {}."),
    "asks": (" (verlangt ist: {})", " (what is demanded: {})"),
    "would": (
        "Die nächste Änderung, mit der es erlaubt wäre: {}: {}.",
        "The nearest change that would permit it: {}: {}.",
    ),
    "would do": (
        "Die nächste Änderung, mit der es erlaubt wäre: {}.",
        "The nearest change that would permit it: {}.",
    ),
}
"""Words that sentences are put together with."""

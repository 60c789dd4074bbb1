"""The rules of lint beyond ODRL's validity: the wire, values, sense, the law. The table goes on from `texts`.

Sources: Dataspace Protocol 2025-1, its JSON-LD context, schema and prose on policies; GDPR articles 5, 6 and 9;
Smart City Charta; the licences of GovData.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.lint.finding import Rule, Severity

_E, _W, _H = Severity.ERROR, Severity.WARNING, Severity.HINT

WIRE_RULES: Final[Mapping[str, Rule]] = {
    "wire.number": Rule(
        _E,
        (
            "Der Wert ist eine nackte Zahl oder ein Wahrheitswert; das Protokoll erlaubt nur Text, Objekt oder Liste.",
            "The value is a bare number or boolean; the protocol allows a string, an object or a list.",
        ),
        ('Ihn als {"@value": ..., "@type": ...} schreiben.', 'Write it as {"@value": ..., "@type": ...}.'),
    ),
    "wire.operator": Rule(
        _E,
        (
            "„term-lteq“ steht versehentlich im Schema des Protokolls und bedeutet nichts.",
            '"term-lteq" is in the schema of the protocol by mistake and means nothing.',
        ),
        ("lteq verwenden.", "Use lteq."),
    ),
    "wire.target": Rule(
        _E,
        ("Regeln dürfen im Protokoll kein target haben.", "On the wire, rules must not have a target."),
        ("target an das Angebot oder die Vereinbarung setzen.", "Put it into the offer or agreement."),
    ),
    "wire.agreement": Rule(
        _E,
        ("Der Vereinbarung fehlt {term}.", "The agreement lacks {term}."),
        ("{term} angeben.", "State {term}."),
    ),
    "wire.offer": Rule(
        _E,
        ("Dem Angebot fehlt {term}.", "The offer lacks {term}."),
        ("{term} angeben.", "State {term}."),
    ),
    "wire.rules": Rule(
        _E,
        (
            "Ein Angebot braucht im Protokoll eine Erlaubnis oder ein Verbot.",
            "On the wire an offer needs a permission or a prohibition.",
        ),
        ("Eine Erlaubnis angeben; die Pflicht daran hängen.", "State a permission, and attach the duty to it."),
    ),
    "wire.term": Rule(
        _E,
        (
            "Der Kontext des Protokolls kennt „{term}“ nicht; beim Lesen geht es verloren.",
            'The context of the protocol does not know "{term}"; it gets lost in reading.',
        ),
        (
            "Als Bedingung oder Pflicht des kommunalen Profils ausdrücken.",
            "Say it by a constraint or duty of the municipal profile.",
        ),
    ),
    "wire.sequence": Rule(
        _W,
        (
            "Der Kontext des Protokolls erhält die Reihenfolge von andSequence nicht.",
            "The context of the protocol does not keep the order of andSequence.",
        ),
        ("and verwenden, wenn es auf die Reihenfolge nicht ankommt.", "Use and, if the order does not matter."),
    ),
}
"""Traps of the Dataspace Protocol."""

SENSE_RULES: Final[Mapping[str, Rule]] = {
    "time.naive": Rule(
        _E,
        ("Dem Zeitpunkt {value} fehlt die Zeitzone.", "The instant {value} has no time zone."),
        ("Sie anfügen, etwa +01:00 oder Z.", "Add it, such as +01:00 or Z."),
    ),
    "time.text": Rule(
        _W,
        (
            "Der Zeitpunkt {value} ist als Text geschrieben, nicht als xsd:date oder xsd:dateTime.",
            "The time {value} is written as a text, not as xsd:date or xsd:dateTime.",
        ),
        ("Den Datentyp angeben.", "State its datatype."),
    ),
    "time.day": Rule(
        _H,
        ("{value} meint den ganzen Tag in Europe/Berlin.", "{value} means the whole day in Europe/Berlin."),
        ("Für einen genaueren Zeitpunkt Uhrzeit und Zone angeben.", "For more exactness state time and zone."),
    ),
    "time.eq": Rule(
        _W,
        (
            "Die Nutzung ist nur in genau diesem Augenblick gemeint ({value}).",
            "Use is meant in exactly this instant only ({value}).",
        ),
        ("gteq und lteq verwenden.", "Use gteq and lteq."),
    ),
    "value.unreadable": Rule(
        _W,
        ("„{value}“ ist kein Wert für {operand}.", '"{value}" is no value of {operand}.'),
        ("{hilft}", "{help}"),
    ),
    "purpose.text": Rule(
        _E,
        ("Der Zweck „{value}“ ist freier Text.", 'The purpose "{value}" is free text.'),
        ("{hilft}", "{help}"),
    ),
    "purpose.unknown": Rule(
        _W,
        (
            "Der Zweck {value} steht nicht im Data Privacy Vocabulary; nur derselbe IRI erfüllt ihn.",
            "The purpose {value} is not in the Data Privacy Vocabulary; nothing but the same IRI meets it.",
        ),
        ("Einen Begriff des Data Privacy Vocabulary angeben.", "Use a term of the Data Privacy Vocabulary."),
    ),
    "purpose.exact": Rule(
        _H,
        (
            "{operator} verlangt genau {value}; engere Zwecke sind nicht gemeint.",
            "{operator} asks for {value} itself; narrower purposes are not meant.",
        ),
        ("isA schließt sie ein.", "isA includes them."),
    ),
    "purpose.every": Rule(
        _W,
        ("Jeder Zweck fällt hierunter.", "Every purpose falls under this."),
        ("Einen engeren Zweck angeben oder die Bedingung streichen.", "Name a narrower one, or strike it."),
    ),
    "purpose.research": Rule(
        _H,
        (
            "Wissenschaftliche Forschung liegt nicht unter den nichtkommerziellen Zwecken.",
            "Scientific research does not lie below the non-commercial purposes.",
        ),
        ("Sie zusätzlich nennen, wenn sie gemeint ist.", "Name it as well if it is meant."),
    ),
    "place.unknown": Rule(
        _W,
        ("Der Ort {value} ist nicht einzuordnen.", "The place {value} cannot be located."),
        ("Einen amtlichen Schlüssel (AGS, ARS) oder Staat angeben.", "Use an official key (AGS, ARS) or a state."),
    ),
    "place.exact": Rule(
        _H,
        (
            "{operator} verlangt genau {value}; Orte darin sind nicht gemeint.",
            "{operator} asks for {value} itself; places within are not meant.",
        ),
        ("isPartOf schließt sie ein.", "isPartOf includes them."),
    ),
    "party.text": Rule(
        _W,
        ("„{value}“ benennt niemanden eindeutig.", '"{value}" names nobody unambiguously.'),
        ("Eine DID oder einen IRI angeben.", "Give a DID or an IRI."),
    ),
    "count.zero": Rule(
        _W,
        ("Nach dieser Zahl ist keine einzige Nutzung erlaubt.", "By this number not a single use is permitted."),
        ("Eine Zahl ab 1 angeben.", "Give a number of at least 1."),
    ),
    "sense.single": Rule(
        _H,
        ("„{term}“ verknüpft nur eine Bedingung.", '"{term}" connects a single constraint.'),
        ("Die Bedingung allein schreiben.", "Write the constraint alone."),
    ),
    "sense.repeated": Rule(
        _H,
        ("Dieselbe Bedingung steht hier zweimal.", "The same constraint stands here twice."),
        ("Eine davon streichen.", "Strike one of them."),
    ),
    "sense.duplicate": Rule(
        _H,
        ("Die Regel sagt dasselbe wie eine andere.", "The rule says the same as another."),
        ("Eine davon streichen.", "Strike one of them."),
    ),
    "sense.never": Rule(
        _W,
        (
            "Die Bedingungen dieser Regel können nie zusammen erfüllt sein ({operands}).",
            "The constraints of this rule can never hold together ({operands}).",
        ),
        ("Eine von ihnen ändern.", "Change one of them."),
    ),
    "sense.covered": Rule(
        _W,
        (
            "Ein Verbot ohne Bedingungen ({prohibited}) hebt diese Erlaubnis ganz auf.",
            "A prohibition without conditions ({prohibited}) takes this permission away altogether.",
        ),
        ("Das Verbot einschränken oder die Erlaubnis streichen.", "Narrow the prohibition, or strike the permission."),
    ),
    "sense.denies": Rule(
        _W,
        ("Die Regelung erlaubt unter keinen Umständen etwas.", "The policy permits nothing in any circumstances."),
        (
            "Prüfen, ob eine Erlaubnis fehlt oder unerfüllbar ist.",
            "See whether a permission is missing or can never hold.",
        ),
    ),
    "sense.vacuous": Rule(
        _H,
        ("Ohne diese Regel wäre genau dasselbe erlaubt.", "Without this rule exactly the same would be permitted."),
        ("Streichen, wenn sie nichts klarstellen soll.", "Strike it, unless it is there to make something clear."),
    ),
    "sense.conflict": Rule(
        _W,
        (
            "Erlaubnis und Verbot treffen sich ({action}, {prohibited}); ohne Strategie ist damit alles nichtig.",
            "A permission and a prohibition meet ({action}, {prohibited}); without a strategy this voids everything.",
        ),
        ("conflict angeben: prohibit oder perm.", "State conflict: prohibit or perm."),
    ),
    "sense.owed": Rule(
        _W,
        (
            "Was zu tun ist ({action}), ist zugleich verboten ({prohibited}).",
            "What has to be done ({action}) is prohibited as well ({prohibited}).",
        ),
        ("Das Verbot einschränken oder die Pflicht streichen.", "Narrow the prohibition, or strike the duty."),
    ),
    "sense.unlimited": Rule(
        _H,
        (
            "Die Erlaubnis gilt für jeden, für immer und für alles.",
            "The permission is for everybody, for ever and for anything.",
        ),
        (
            "Wenn das nicht gemeint ist: Zweck, Frist oder Empfänger angeben.",
            "If not meant: name purpose, end or party.",
        ),
    ),
    "sense.name": Rule(
        _H,
        ("Die Regelung hat noch keinen eigenen Namen.", "The policy has no name of its own yet."),
        ("Ihr einen IRI der Kommune geben.", "Give it an IRI of the municipality."),
    ),
    "duty.parameter": Rule(
        _E,
        ("Für „{action}“ fehlt die Angabe {needed}.", '"{action}" needs {needed}.'),
        ("Sie als Bedingung der Pflicht angeben.", "State it as a constraint of the duty."),
    ),
    "wire.carry": Rule(
        _W,
        (
            "Gültig, aber kein Angebot: in der Form, in der Bedingungen zur Gegenseite gehen, gibt es „{term}“ nicht.",
            'Valid, but no offer: the form in which terms go to the other side has no place for "{term}".',
        ),
        (
            "Es ohne das ausdrücken oder in einem Vertrag auf Papier regeln.",
            "Say it without that, or settle it in a contract on paper.",
        ),
    ),
    "duty.undoable": Rule(
        _W,
        (
            "Gültig, aber kein Knoten kann es beim Hinausgehen der Daten tun: {why}",
            "Valid, but no node can do it while data leave: {reason}",
        ),
        ("{hilft}", "{help}"),
    ),
    "duty.deadline": Rule(
        _W,
        ("Die Pflicht „{action}“ hat keine Frist.", 'The duty "{action}" has no deadline.'),
        (
            "dateTime, elapsedTime oder retentionPeriod angeben.",
            "State dateTime, elapsedTime or retentionPeriod.",
        ),
    ),
    "group.small": Rule(
        _W,
        ("Eine Gruppe von {value} schützt niemanden.", "A group of {value} protects nobody."),
        ("Mindestens 3, üblich sind 10.", "At least 3; 10 is usual."),
    ),
    "noise.weak": Rule(
        _W,
        ("Mit epsilon {value} ist das Rauschen kaum ein Schutz.", "With an epsilon of {value} noise protects hardly."),
        ("Höchstens 1 ist üblich.", "At most 1 is usual."),
    ),
}
"""Values and sense."""

LAW_RULES: Final[Mapping[str, Rule]] = {
    "law.open": Rule(
        _E,
        (
            "Die offene Lizenz {licence} verträgt sich nicht mit {term}: beides zugleich geht nicht.",
            "The open licence {licence} does not go with {term}: it cannot be both.",
        ),
        ("Die Lizenz oder die Einschränkung streichen.", "Strike the licence or the restriction."),
    ),
    "law.basis": Rule(
        _E,
        (
            "Personenbezogene Daten ohne Rechtsgrundlage (Art. 6 DSGVO).",
            "Personal data without a legal basis (GDPR Art. 6).",
        ),
        ("legalBasis angeben.", "State legalBasis."),
    ),
    "law.special": Rule(
        _E,
        (
            "Besondere Kategorien ohne Grundlage nach Art. 9 Abs. 2 DSGVO.",
            "Special categories without a basis of GDPR Art. 9(2).",
        ),
        ("legalBasis mit einem Begriff A9-2-… angeben.", "State legalBasis with a term A9-2-…."),
    ),
    "law.purpose": Rule(
        _W,
        (
            "Personenbezogene Daten ohne Zweck (Art. 5 Abs. 1 lit. b DSGVO).",
            "Personal data without a purpose (GDPR Art. 5(1)(b)).",
        ),
        ("purpose angeben.", "State purpose."),
    ),
    "law.deletion": Rule(
        _H,
        (
            "Personenbezogene Daten ohne Löschpflicht (Art. 5 Abs. 1 lit. e DSGVO).",
            "Personal data without a duty to delete (GDPR Art. 5(1)(e)).",
        ),
        ("Eine Pflicht delete mit Frist angeben.", "State a duty delete with a deadline."),
    ),
    "law.onward": Rule(
        _W,
        (
            "Die Weitergabe personenbezogener Daten ist ohne Folgebedingungen erlaubt.",
            "Personal data may be passed on without terms for the next.",
        ),
        ("Eine Pflicht nextPolicy angeben.", "State a duty nextPolicy."),
    ),
    "law.exclusive": Rule(
        _E,
        (
            "Ausschließliche Bedingungen für offene Daten der öffentlichen Hand.",
            "Exclusive terms for open data of a public body.",
        ),
        ("Den Ausschluss anderer streichen.", "Strike what excludes others."),
    ),
    "law.class": Rule(
        _W,
        (
            "Die Daten heißen offen, die Bedingungen schränken aber ein ({term}).",
            "The data are called open, but the terms restrict ({term}).",
        ),
        ("Die Datenklasse oder die Einschränkung ändern.", "Change the class or the restriction."),
    ),
    "law.critical": Rule(
        _E,
        (
            "Daten kritischer Infrastruktur unter offener Lizenz oder zur freien Weitergabe.",
            "Data on critical infrastructure under an open licence or free to be passed on.",
        ),
        ("Weitergabe verbieten und die Lizenz streichen.", "Prohibit passing them on and strike the licence."),
    ),
    "law.attribution": Rule(
        _W,
        (
            "{licence} verlangt die Nennung der Quelle; die Pflicht attribute fehlt.",
            "{licence} asks for attribution; the duty attribute is missing.",
        ),
        ("Eine Pflicht attribute an die Erlaubnis hängen.", "Attach a duty attribute to the permission."),
    ),
    "law.zero": Rule(
        _E,
        (
            "{licence} verlangt nichts; die Pflicht attribute widerspricht dem.",
            "{licence} asks for nothing; the duty attribute contradicts it.",
        ),
        ("Die Pflicht streichen oder dl-by wählen.", "Strike the duty, or choose dl-by."),
    ),
}
"""Traps of the law; none of them replaces a lawyer's look."""

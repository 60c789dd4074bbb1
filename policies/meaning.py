"""What somebody may have meant who wrote a word or a value that is not understood, and how it would be written.

What lives here: names that are alike, by what terms are called in German and English too, the way in which the values
of an operand are written, and the mend that follows from a refusal. What does not: refusing, and the sentence that says
what is refused (`sentences`); what is wrong with a line that is no TOML (`slips`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from itertools import takewhile
from typing import Final

from policies import durations, grains, names, numbers, places, rates, short, slips, vocabulary
from policies.calendars import HOURS, SEASONS
from policies.model import Operator, Reason
from policies.operands import DATE_TIME, OPERANDS, PURPOSE, Operand
from policies.saying import Both
from policies.vocabulary import ACTIONS, PURPOSES
from policies.vocabulary.actions import KNOWN

_MOST: Final = 3
_LONGEST: Final = 80
_STEM: Final = 6
"""Letters that the beginnings of two compounds share at least."""
_LEGAL_BASIS: Final = "urn:allmende:legalBasis"
_ARTICLE = re.compile(r"(?:Art\D*)?([69])\D*([12])\D*?\b([a-jA-J])\b\W*")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})")

_INSTANT: Final = (
    "Ein Tag schreibt sich 2027-12-31, ein Zeitpunkt 2027-12-31T18:00:00+01:00.",
    "A day is written 2027-12-31, an instant 2027-12-31T18:00:00+01:00.",
)
_PERIOD: Final = (
    "Eine Dauer schreibt sich P90D (Tage), P4W (Wochen), P3M (Monate), P1Y (Jahre) oder PT1H (Stunden).",
    "A period is written P90D (days), P4W (weeks), P3M (months), P1Y (years) or PT1H (hours).",
)
_PLACE: Final = (
    "Ein Ort sind die Ziffern eines amtlichen Schlüssels (Land 14, Kreis 14612, Gemeinde 14612000) oder Staaten (DE).",
    "A place is the digits of an official key (state 14, district 14612, municipality 14612000) or a country (DE).",
)
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "permission": ("erlaubnis",),
    "prohibition": ("verbot",),
    "obligation": ("verpflichtung",),
    "duty": ("pflicht",),
    "policy": ("regel", "regelung", "name"),
    "title": ("titel", "überschrift"),
    "description": ("beschreibung",),
    "target": ("ziel", "datensatz", "gegenstand"),
    "assigner": ("geber",),
    "assignee": ("nehmer", "nutzer"),
    "notice": ("frist", "kündigung"),
    "action": ("handlung",),
    "dateTime": ("until", "from", "bis", "von", "datum", "date"),
    "purpose": ("zweck", "purposes"),
    "spatial": ("ort", "place"),
    "count": ("anzahl",),
}
"""Words of the short form -> what people write in their place."""


# --- names that are alike ---------------------------------------------------------------------------------------------


def near(text: str, called: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The names (keys) that are called like the text, the likest first; three at most."""
    by_word: dict[str, list[str]] = {}
    for name, words in called.items():
        for word in dict.fromkeys(one.casefold() for one in (name, *words)):
            by_word.setdefault(word, []).append(name)
    sought = text.strip()[:_LONGEST].casefold()
    if sought in by_word:
        return tuple(dict.fromkeys(by_word[sought]))[:_MOST]
    found = (name for word in get_close_matches(sought, by_word, n=_MOST, cutoff=0.75) for name in by_word[word])
    return tuple(dict.fromkeys(found))[:_MOST]


def purposes(text: str) -> tuple[str, ...]:
    """Purposes of the Data Privacy Vocabulary that may have been meant, by their names; first those that are like it as
    a whole, then those of which one word is."""
    whole = near(text, {name: (one.de, one.en) for name, one in PURPOSES.items()})
    words = near(text, {name: (*one.de.split(), *one.en.split()) for name, one in PURPOSES.items()})
    within = sorted((name for name in PURPOSES if _shared(text, name) >= _STEM), key=lambda name: -_shared(text, name))
    return tuple(dict.fromkeys((*whole, *words, *within)))[:_MOST]


def actions(text: str) -> tuple[str, ...]:
    """Actions that may have been meant, by their names."""
    return near(text, {_local(iri): (known.de, known.en) for iri in ACTIONS if (known := KNOWN.get(iri)) is not None})


def operands(text: str) -> tuple[str, ...]:
    """Left operands that may have been meant, by their names."""
    return near(text, {operand.name: operand.label for operand in OPERANDS.values()})


def words(text: str) -> tuple[str, ...]:
    """Words of the short form that may have been meant, operands among them."""
    known = {
        **{operand.name: operand.label for operand in OPERANDS.values()},
        **dict.fromkeys((*short.GROUPS, *short.REMARKS, "conflict", "profile", "kind", "refinement", "remedy"), ()),
    }
    return near(text, {**known, **{name: (*known.get(name, ()), *others) for name, others in _WORDS.items()}})


def _shared(text: str, name: str) -> int:
    """How many letters a word has at its beginning in common with one of those that a purpose is called by."""
    called = f"{PURPOSES[name].de} {PURPOSES[name].en}".casefold().split()
    sought = text[:_LONGEST].casefold()
    return max(
        sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(sought, word, strict=False))) for word in called
    )


# --- how values are written -------------------------------------------------------------------------------------------


def form(operand: Operand, value: str) -> Both:
    """How a value of this operand is written, and what this one may have been meant to be."""
    if operand.iri == DATE_TIME:
        return _meant(_INSTANT, _day(value))
    if operand.iri == PURPOSE:
        return _purpose(value)
    if operand.iri == _LEGAL_BASIS:
        return _legal(value)
    values = operand.values
    if isinstance(values, durations.Durations):
        return _PERIOD
    if isinstance(values, places.Places):
        return _PLACE
    if isinstance(values, grains.Grains):
        return (
            "Eine Zahl in Metern (250), eine Stufe von H3 (h3:8) oder municipality, district, state.",
            "A number of metres (250), a level of H3 (h3:8), or municipality, district, state.",
        )
    if isinstance(values, rates.Rates):
        return "Eine Anzahl je Zeitraum, etwa 100/PT1H.", "A number in a period, such as 100/PT1H."
    if isinstance(values, numbers.Decimals):
        return "Eine Zahl mit Dezimalpunkt, etwa 2.5.", "A number with a decimal point, such as 2.5."
    if isinstance(values, names.Languages):
        return "Eine Sprache wie de oder de-AT.", "A language such as de or de-AT."
    if values is HOURS:
        return "Eine Uhrzeit wie 08:00, ein Zeitraum wie 08:00/17:00.", "A time like 08:00, a span like 08:00/17:00."
    if values is SEASONS:
        return "Monat und Tag wie 11-01/03-31.", "Month and day, such as 11-01/03-31."
    return _choice(operand) or _plain(operand)


def _plain(operand: Operand) -> Both:
    if isinstance(operand.values, names.Names):
        return "Ein Bezeichner (IRI), etwa urn:stadt:name.", "An identifier (IRI), such as urn:city:name."
    sample = _local(operand.vectors[0].right[0])
    if any(datatype.endswith("#integer") for datatype in operand.datatypes):
        return (
            f"Eine ganze Zahl ohne Punkt, Komma und Einheit, etwa {sample}.",
            f"A whole number without point, comma or unit, such as {sample}.",
        )
    return f"Zum Beispiel {sample}.", f"For example {sample}."


def _choice(operand: Operand) -> Both | None:
    """The terms that an operand knows by name, where these are few."""
    space = operand.vectors[0].right[0].removesuffix(_local(operand.vectors[0].right[0]))
    if not space.startswith(vocabulary.OWN):
        return None
    called = {iri: both for iri, both in vocabulary.names().items() if iri.startswith(space) and operand.takes(iri)}
    if not called:
        return None
    listed = [", ".join(f"{_local(iri)} ({both[n]})" for iri, both in called.items()) for n in (0, 1)]
    return f"Möglich: {listed[0]}.", f"There are: {listed[1]}."


def _purpose(value: str) -> Both:
    found = purposes(value)
    said = (
        "Zwecke stehen im Data Privacy Vocabulary; alle zeigt: allmende help policies.",
        "Purposes are those of the Data Privacy Vocabulary; for all of them: allmende help policies.",
    )
    return _meant(said, ", ".join(f"{name} ({PURPOSES[name].de})" for name in found), ", ".join(found))


def _legal(value: str) -> Both:
    said = (
        "Rechtsgrundlagen heißen nach Artikel, Absatz und Buchstabe der DSGVO: A6-1-e, A9-2-i.",
        "Legal bases are named by article, paragraph and letter of the GDPR: A6-1-e, A9-2-i.",
    )
    found = _ARTICLE.search(value)
    name = f"A{found[1]}-{found[2]}-{found[3].lower()}" if found else ""
    return _meant(said, name if name in vocabulary.law.LEGAL_BASES else "")


def _day(value: str) -> str:
    found = _GERMAN_DAY.search(value)
    if found is None:
        return ""
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return ""


def _meant(said: Both, de: str, en: str = "") -> Both:
    return (f"{said[0]} Gemeint vielleicht: {de}.", f"{said[1]} Meant perhaps: {en or de}.") if de else said


def _local(iri: str) -> str:
    return re.split(r"[#/:]", iri)[-1]


# --- mends ------------------------------------------------------------------------------------------------------------


def mend(reason: Reason) -> Both | None:
    """What helps against a refusal; None where there is nothing that could be said of it."""
    said = reason.params
    match reason.code:
        case "form.toml":
            return slips.MENDS[said.get("problem", slips.OTHER)]
        case "form.utf8":
            return (
                "Die Datei im Editor als UTF-8 speichern (Speichern unter, Kodierung).",
                "Save the file as UTF-8 in your editor (save as, encoding).",
            )
        case "term.unknown":
            return _alike(words(said["term"]))
        case "action.unknown":
            return _alike(actions(said["action"]))
        case "operator.unknown":
            known = [one.value for one in Operator]
            found = near(said["operator"], dict.fromkeys(known, ()))
            return _alike(found) or _listed(known)
        case "value.unreadable":
            operand = next((one for one in OPERANDS.values() if said["operand"] in (one.name, one.iri)), None)
            return form(operand, said["value"]) if operand is not None else _notice(said["operand"])
        case "form.identifier" | "iri.relative":
            return (
                "Einen Bezeichner angeben: did:web:… für eine Stelle, https://… oder urn:… für anderes.",
                "Give an identifier: did:web:... for a party, https://... or urn:... for anything else.",
            )
        case "conflict.unknown":
            return "perm, prohibit oder invalid angeben.", "Use perm, prohibit or invalid."
        case "operator.unfit":
            operand = next((one for one in OPERANDS.values() if said["operand"] in (one.name, one.iri)), None)
            return None if operand is None else _listed(sorted(one.value for one in operand.operators))
        case "term.missing":
            return f"Eine Zeile dafür ergänzen: {said['term']} = …", f"Add a line for it: {said['term']} = ..."
        case "transform.parameter":
            name = _local(said["parameter"])
            return f"In dieser Pflicht ergänzen: {name} = …", f"Add to this duty: {name} = ..."
        case "template.purpose":
            return _purpose(said["value"])
        case "template.basis":
            return _legal(said["value"])
        case "template.date" if day := _day(said["value"]):
            return _alike((day,))
        case "template.period":
            return _PERIOD
    return None


def _notice(operand: str) -> Both | None:
    return _PERIOD if operand.endswith("noticePeriod") else None


def _alike(found: Sequence[str]) -> Both | None:
    listed = ", ".join(found)
    return (f"Gemeint vielleicht: {listed}.", f"Meant perhaps: {listed}.") if found else None


def _listed(known: Sequence[str]) -> Both:
    listed = ", ".join(known)
    return f"Es gibt: {listed}.", f"There are: {listed}."

"""Values in words and back: days, instants, periods, places, terms of vocabularies, and text in quotes.

What lives here: how one value of an operand is said to a reader, so that it can be read back. What does not: phrases
around values (`clauses`), quantities (`measures`), whole policies (`controlled`). INVARIANT: two values of an operand
are never said alike; what `hear` returns is said exactly as it was heard. A word that two terms
share is said of neither.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from policies import instants, measures, places, vocabulary
from policies.measures import MONTHS
from policies.operands import find
from policies.vocabulary import ACTIONS, XSD
from policies.vocabulary.geography import STATES


class Lang(StrEnum):
    """The languages of sentences."""

    DE = "de"
    EN = "en"


Both = tuple[str, str]
"""German, English."""

KEYS: Final[Mapping[str, Both]] = {
    "stateKey": ("Land", "state"),
    "governmentDistrictKey": ("Regierungsbezirk", "government district"),
    "districtKey": ("Kreis", "district"),
    "municipalityKey": ("Gemeinde", "municipality"),
    "municipalAssociationKey": ("Gemeindeverband", "municipal association"),
    "regionalKey": ("Gemeinde", "municipality"),
}
"""Kind of an official key -> what such a place is."""

_BERLIN = ZoneInfo(instants.ZONE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_MICROSECONDS = re.compile(r"-?\d{1,17}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PLAIN = re.compile(r"[^\s„“”\"\\,;()\[\]{}–]*[^\s„“”\"\\,;()\[\]{}–.:]")
_PLAIN_LABEL = re.compile(r"[^„“”\"\\\\,;\[\]{}–]+")
_QUOTED = re.compile(r"„((?:[^„“”\\]|\\.)*)“|“((?:[^„“”\\]|\\.)*)”")
ITEM: Final = r'(?:„(?:[^„“”\\]|\\.)*“|“(?:[^„“”\\]|\\.)*”|[^\s„“”"\\,;()\[\]{}–]+)'
"""Pattern of one name or value as `name` says it."""

_CLOCK = re.compile(
    r"(?P<day>.+?) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{6}))?"
    r"(?: Uhr)? \(Europe/Berlin(?P<fold>, Winterzeit|, winter time)?\)",
    re.ASCII,
)
_WHOLE = re.compile(r"(?P<day>.+?) \((?:ganzer Tag|whole day), Europe/Berlin\)", re.ASCII)


def german(lang: str) -> bool:
    """Is the language tag German? Anything else is English."""
    return lang.startswith(Lang.DE)


def _column(lang: str) -> int:
    """Which of two languages it is: 0 German, 1 English."""
    return 0 if german(lang) else 1


def pick(both: Both, lang: str) -> str:
    """The one of two texts that is in the language."""
    return both[0] if german(lang) else both[1]


# --- values -----------------------------------------------------------------------------------------------------------


def value(left: str, canonical: str, lang: str) -> str:
    """A value of the operand `left` in words; never raises."""
    operand = find(left)
    datatypes = frozenset[str]() if operand is None else operand.datatypes
    if XSD + "dateTime" in datatypes and (_MICROSECONDS.fullmatch(canonical) or _DAY.fullmatch(canonical)):
        return _time_or_name(canonical, lang)
    if XSD + "duration" in datatypes:
        return duration(canonical, lang)
    said = measures.said(left, canonical, _column(lang))
    if said is None and XSD + "decimal" in datatypes:
        said = measures.decimal(canonical, _column(lang))
    return called(canonical, lang) if said is None else said


def hear(left: str, text: str, lang: str) -> str | None:
    """The value of the operand that is said like this; None where none is."""
    column = _column(lang)
    tried = (
        _moment_heard(text, lang),
        measures.undone(text, column),
        measures.heard(left, text, column),
        measures.undecimal(text, column),
        uncalled(text, lang),
    )
    for heard in tried:
        if heard is not None and value(left, heard, lang) == text:
            return heard
    return None


def called(canonical: str, lang: str) -> str:
    """A term by what people call it, with its name in the vocabulary or its key; anything else as a name."""
    known = _spoken(german(lang)).get(canonical)
    if known is not None:
        return known
    if canonical.startswith(places.GEOCODING):
        try:
            kind, digits = places.split(canonical)
        except ValueError:
            return name(canonical, lang)
        return f"{pick(KEYS[kind], lang)} {digits}"
    return name(canonical, lang)


def uncalled(text: str, lang: str) -> str | None:
    """The term or the name that is called like this; None where none is."""
    known = _heard(german(lang)).get(text)
    if known is not None:
        return known
    what, _, digits = text.rpartition(" ")
    if what in {pick(both, lang) for both in KEYS.values()}:
        try:
            return places.from_digits(digits)
        except ValueError:
            return None
    return unname(text)


def name(text: str, lang: str) -> str:
    """Any text: as it stands where that cannot be mistaken, else in quotes, with everything invisible spelled out."""
    return text if _PLAIN.fullmatch(text) and text.isprintable() else _quoted(text, lang)


def _quoted(text: str, lang: str) -> str:
    spelled = "".join(f"\\{c}" if c in "„“”\\" else c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)
    return f"„{spelled}“" if german(lang) else f"“{spelled}”"


def unname(said: str) -> str | None:
    """The text that `name` says like this; None where it says none."""
    if _PLAIN.fullmatch(said):
        return said
    found = _QUOTED.fullmatch(said)
    if found is None:
        return None
    inner = found[1] if found[1] is not None else found[2]
    return re.sub(r"\\(?:u\{([0-9a-f]{1,6})\}|(.))", lambda m: chr(int(m[1], 16)) if m[1] else m[2], inner)


# --- time -------------------------------------------------------------------------------------------------------------


def time(canonical: str, lang: str) -> str:
    """A day (`2027-06-30`) or an instant (microseconds UTC) on the clock in Europe/Berlin.

    Raises `ValueError` or `OverflowError` where it is neither.
    """
    if _DAY.fullmatch(canonical):
        said = _day(date.fromisoformat(canonical), lang)
        return f"{said} ({pick(('ganzer Tag', 'whole day'), lang)}, Europe/Berlin)"
    at = instants.local(int(canonical))
    fraction = f".{at.microsecond:06d}" if at.microsecond else ""
    season = pick((", Winterzeit", ", winter time"), lang) if at.fold else ""
    return f"{_day(at, lang)} {at:%H:%M:%S}{fraction}{pick((' Uhr', ''), lang)} (Europe/Berlin{season})"


def _time_or_name(canonical: str, lang: str) -> str:
    try:
        return time(canonical, lang)
    except (ValueError, OverflowError):
        return name(canonical, lang)


def _day(at: date, lang: str) -> str:
    if german(lang):
        return f"{at.day:02d}.{at.month:02d}.{at.year:04d}"
    return f"{at.day} {MONTHS[1][at.month - 1]} {at.year:04d}"


def _moment_heard(text: str, lang: str) -> str | None:
    whole, clock = _WHOLE.fullmatch(text), _CLOCK.fullmatch(text)
    if whole is None and clock is None:
        return None
    try:
        day = _day_heard(whole["day"] if whole else clock["day"] if clock else "", lang)
        if clock is None:
            return day.isoformat()
        hour, minute, second, fraction = (int(clock[part] or 0) for part in ("hour", "minute", "second", "fraction"))
        of_day = clock_time(hour, minute, second, fraction, fold=1 if clock["fold"] else 0)
        at = datetime.combine(day, of_day, _BERLIN)
        return str((at.astimezone(UTC) - _EPOCH) // _TICK)
    except (ValueError, OverflowError):
        return None


def _day_heard(text: str, lang: str) -> date:
    """Raises `ValueError`."""
    if german(lang):
        day, month, year = (int(part) for part in text.split("."))
    else:
        first, second, third = text.split(" ")
        day, month, year = int(first), MONTHS[1].index(second) + 1, int(third)
    return date(year, month, day)


# --- periods ----------------------------------------------------------------------------------------------------------


def period(canonical: str, lang: str) -> str:
    """A duration in words (`PT15M` -> `15 Minuten`). Raises `ValueError` where it is none."""
    said = measures.duration(canonical, _column(lang))
    if said is None:
        raise ValueError("not a duration")
    return said


def unduration(text: str, lang: str) -> str | None:
    """The duration that is said like this; None where none is."""
    for heard in (measures.undone(text, _column(lang)), unname(text)):
        if heard is not None and duration(heard, lang) == text:
            return heard
    return None


def duration(canonical: str, lang: str) -> str:
    """A duration in words; as a name where it is none."""
    try:
        return period(canonical, lang)
    except ValueError:
        return name(canonical, lang)


# --- terms ------------------------------------------------------------------------------------------------------------


def action(iri: str, lang: str) -> str:
    """What an action is called; one that nobody has a word for by its IRI."""
    known = _acts(german(lang)).get(iri)
    if known is not None:
        return known
    return name(iri, lang) if ":" in iri else _quoted(iri, lang)


def unaction(text: str, lang: str) -> str | None:
    """The action that is called like this; None where none is."""
    for iri, said in _acts(german(lang)).items():
        if said == text:
            return iri
    return unname(text) if ":" in text or text[:1] in "„“" else None


@lru_cache(maxsize=2)
def _acts(in_german: bool) -> Mapping[str, str]:
    """Action -> what it is called; with its name in the vocabulary where two are called alike."""
    plain = {iri: both[0 if in_german else 1] for iri in ACTIONS if (both := vocabulary.called(iri)) is not None}
    times = Counter(plain.values())
    return _unmistakable({iri: text if times[text] == 1 else f"{text} ({_local(iri)})" for iri, text in plain.items()})


@lru_cache(maxsize=2)
def _spoken(in_german: bool) -> Mapping[str, str]:
    """Term -> its label with its name in the vocabulary."""
    found = {}
    for iri, both in vocabulary.names().items():
        label = both[0 if in_german else 1]
        if not _PLAIN_LABEL.fullmatch(label):
            label = name(label, Lang.DE if in_german else Lang.EN)
        found[iri] = f"{label} ({_local(iri)})"
    land = KEYS["stateKey"][0 if in_german else 1]
    states = {f"{places.GEOCODING}stateKey/{key}": f"{called} ({land} {key})" for key, (_, called) in STATES.items()}
    return _unmistakable({**found, **states})


@lru_cache(maxsize=2)
def _heard(in_german: bool) -> Mapping[str, str]:
    return {said: iri for iri, said in _spoken(in_german).items()}


def _local(iri: str) -> str:
    """The name of a term in its vocabulary."""
    return re.split(r"[#/:]", iri)[-1]


def _unmistakable(said: Mapping[str, str]) -> Mapping[str, str]:
    """Without what is said of two."""
    times = Counter(said.values())
    return {iri: text for iri, text in said.items() if times[text] == 1}

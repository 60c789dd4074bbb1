"""Quantities in words and back: durations, rates, grains of place, hours, days of the week, seasons.

What lives here: how such a value is said in German and English. What does not: which value is meant by a sentence
(`saying.hear`, which says every value again that is heard here), reading values as they are written (`operands`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from policies import grains
from policies.operands.municipal import DAY_OF_WEEK, HOUR_OF_DAY, REQUEST_RATE, SEASON_OF_YEAR
from policies.operands.parameters import SPATIAL_RESOLUTION

Both = tuple[str, str]
"""German, English."""

UNITS: Final[Mapping[str, tuple[Both, Both]]] = {
    "PY": (("Jahr", "Jahre"), ("year", "years")),
    "PM": (("Monat", "Monate"), ("month", "months")),
    "PW": (("Woche", "Wochen"), ("week", "weeks")),
    "PD": (("Tag", "Tage"), ("day", "days")),
    "PTH": (("Stunde", "Stunden"), ("hour", "hours")),
    "PTM": (("Minute", "Minuten"), ("minute", "minutes")),
    "PTS": (("Sekunde", "Sekunden"), ("second", "seconds")),
}
"""Unit of a duration -> one of it and several of it, in German and English; the largest first."""

MONTHS: Final[tuple[tuple[str, ...], tuple[str, ...]]] = (
    (
        *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
        *("August", "September", "Oktober", "November", "Dezember"),
    ),
    (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
)
WEEKDAYS: Final[tuple[tuple[str, ...], tuple[str, ...]]] = (
    ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
_AREAS: Final[Mapping[str, Both]] = {
    "municipality": ("Gemeinde", "municipality"),
    "association": ("Gemeindeverband", "municipal association"),
    "district": ("Kreis", "district"),
    "governmentDistrict": ("Regierungsbezirk", "government district"),
    "state": ("Land", "state"),
    "country": ("Staat", "country"),
}
_AND: Final = (" und ", " and ")
_TO: Final = (" bis ", " to ")
_PER: Final = (" je ", " per ")

_DURATION = re.compile(r"P(?!$)(?:\d{1,9}[YMWD])*(?:T(?!$)(?:\d{1,9}[HM])*(?:\d{1,10}(?:\.\d{1,6})?S)?)?", re.ASCII)
_PART = re.compile(r"(T)|(\d+(?:\.\d+)?)([YMWDHS])", re.ASCII)
_NUMBER = re.compile(r"(?:0|[1-9]\d{0,9})(?:[.,]\d{1,6})?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})|(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)", re.ASCII)
_YEARDAY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
_FRACTION = re.compile(r"-?\d{1,40}\.\d{1,40}", re.ASCII)
_METRES = re.compile(r"\d{1,20}(?:\.\d{1,20})?", re.ASCII)


# --- durations --------------------------------------------------------------------------------------------------------


def duration(canonical: str, lang: int) -> str | None:
    """A duration in words (`PT15M` -> `15 Minuten`, `P1MT12H` -> `1 Monat und 12 Stunden`); None where it is none, or
    not written as it would be read back."""
    if not _DURATION.fullmatch(canonical):
        return None
    said = _AND[lang].join(_parts(canonical, lang))
    return said if said and undone(said, lang) == canonical else None


def _parts(canonical: str, lang: int) -> Iterator[str]:
    lead = "P"
    for time, number, sign in _PART.findall(canonical):
        if time:
            lead = "PT"
            continue
        unit = UNITS.get(lead + sign)
        if unit is not None:
            one, several = unit[lang]
            spoken = number if lang else number.replace(".", ",")
            yield f"{spoken} {one if number == '1' else several}"


def undone(text: str, lang: int) -> str | None:
    """The duration that is said like this; None where none is."""
    date, time = "", ""
    last = -1
    for part in text.split(_AND[lang]):
        number, _, word = part.partition(" ")
        place = next((n for n, words in enumerate(UNITS.values()) if word in words[lang]), -1)
        if place <= last or not _NUMBER.fullmatch(number):
            return None
        unit, last = list(UNITS)[place], place
        number = number.replace(",", ".")
        if "." in number and unit != "PTS":
            return None
        if unit.startswith("PT"):
            time += number + unit[-1]
        else:
            date += number + unit[-1]
    return f"P{date}T{time}" if time else f"P{date}"


# --- what comes back --------------------------------------------------------------------------------------------------


def _range(of: Callable[[str, int], str | None]) -> Callable[[str, int], str | None]:
    """Said one by one, or two of them as a range."""

    def said(canonical: str, lang: int) -> str | None:
        parts = [of(one, lang) for one in canonical.split("/")]
        if len(parts) > 2 or None in parts:
            return None
        return _TO[lang].join(part for part in parts if part is not None)

    return said


def _unrange(of: Callable[[str, int], str | None]) -> Callable[[str, int], str | None]:
    def heard(text: str, lang: int) -> str | None:
        parts = [of(one, lang) for one in text.split(_TO[lang])]
        if len(parts) > 2 or None in parts:
            return None
        return "/".join(part for part in parts if part is not None)

    return heard


def _hour(canonical: str, lang: int) -> str | None:
    found = _CLOCK.fullmatch(canonical)
    if found is None:
        return None
    if found[1]:
        return f"{found[1]} Uhr (die ganze Stunde)" if not lang else f"{found[1]} o'clock (the whole hour)"
    return canonical if lang else f"{canonical} Uhr"


def _unhour(text: str, lang: int) -> str | None:
    whole = text.removesuffix("o'clock (the whole hour)" if lang else "Uhr (die ganze Stunde)")
    found = _CLOCK.fullmatch((whole if whole != text else text.removesuffix(" Uhr")).strip())
    return None if found is None else found[0]


def _weekday(canonical: str, lang: int) -> str | None:
    return WEEKDAYS[lang][int(canonical) - 1] if canonical in "1234567" and len(canonical) == 1 else None


def _unweekday(text: str, lang: int) -> str | None:
    return str(WEEKDAYS[lang].index(text) + 1) if text in WEEKDAYS[lang] else None


def _yearday(canonical: str, lang: int) -> str | None:
    found = _YEARDAY.fullmatch(canonical)
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    month = MONTHS[lang][int(found[1]) - 1]
    return f"{int(found[2])} {month}" if lang else f"{int(found[2])}. {month}"


def _unyearday(text: str, lang: int) -> str | None:
    day, _, month = text.partition(" ")
    day = day if lang else day.removesuffix(".")
    if month not in MONTHS[lang] or not (day.isascii() and day.isdigit()):
        return None
    return f"{MONTHS[lang].index(month) + 1:02d}-{int(day):02d}"


# --- rates and grains -------------------------------------------------------------------------------------------------


def _rate(canonical: str, lang: int) -> str | None:
    number, _, period = canonical.partition("/")
    said = duration(period, lang)
    return None if said is None else f"{number}{_PER[lang]}{said.removeprefix('1 ')}"


def _unrate(text: str, lang: int) -> str | None:
    number, mark, period = text.partition(_PER[lang])
    heard = undone(period if period[:1].isdigit() else f"1 {period}", lang)
    return f"{number}/{heard}" if mark and heard and number.isascii() and number.isdigit() else None


def _grain(canonical: str, lang: int) -> str | None:
    if canonical in _AREAS:
        return _AREAS[canonical][lang]
    if canonical.startswith("h3:"):
        return f"{('Stufe', 'level')[lang]} {canonical.removeprefix('h3:')} ({('von', 'of')[lang]} H3)"
    if not _METRES.fullmatch(canonical):
        return None
    spoken = canonical if lang else canonical.replace(".", ",")
    return f"{spoken} {('Meter', 'metre' if canonical == '1' else 'metres')[lang]}"


def _ungrain(text: str, lang: int) -> str | None:
    for name, both in _AREAS.items():
        if both[lang] == text:
            return name
    number, _, word = text.partition(" ")
    if word in ("Meter", "metre", "metres"):
        return number if lang else number.replace(",", ".")
    level = word.partition(" ")[0]
    try:
        return grains.read(f"h3:{level}")
    except ValueError:
        return None


# --- all of them ------------------------------------------------------------------------------------------------------

_SAID: Final[Mapping[str, Callable[[str, int], str | None]]] = {
    HOUR_OF_DAY: _range(_hour),
    DAY_OF_WEEK: _range(_weekday),
    SEASON_OF_YEAR: _range(_yearday),
    REQUEST_RATE: _rate,
    SPATIAL_RESOLUTION: _grain,
}
_HEARD: Final[Mapping[str, Callable[[str, int], str | None]]] = {
    HOUR_OF_DAY: _unrange(_unhour),
    DAY_OF_WEEK: _unrange(_unweekday),
    SEASON_OF_YEAR: _unrange(_unyearday),
    REQUEST_RATE: _unrate,
    SPATIAL_RESOLUTION: _ungrain,
}


def decimal(canonical: str, lang: int) -> str | None:
    """A decimal as people write it; None where it is none."""
    return canonical.replace(".", ",") if not lang and _FRACTION.fullmatch(canonical) else None


def undecimal(text: str, lang: int) -> str | None:
    """The decimal that is said like this; None where none is."""
    return text.replace(",", ".") if not lang and _FRACTION.fullmatch(text.replace(",", ".")) else None


def said(left: str, canonical: str, lang: int) -> str | None:
    """A value of the operand `left` in words (`lang`: 0 German, 1 English); None where it is said as it stands."""
    of = _SAID.get(left)
    text = of(canonical, lang) if of is not None else None
    return text if text is not None and heard(left, text, lang) == canonical else None


def heard(left: str, text: str, lang: int) -> str | None:
    """The value of the operand that may be said like this; None where none is. Say it again to be sure."""
    of = _HEARD.get(left)
    return of(text, lang) if of is not None else None

"""Days, instants and periods as portals write them -> XML Schema's, where only one can be meant.

What lives here: reading them. What does not: what a date is of. `3.4.2021` is the third of April wherever points
stand between; `3/4/2021` is two days, so it is read nowhere. Sources: XML Schema 1.1 part 2, ISO 8601, DCMI Period.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from catalog.graph import Value

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_POINTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?:,?\s+(\d{1,2}:\d{2}(?::\d{2})?)(?:\s*Uhr)?)?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})", re.ASCII)
_PACKED = re.compile(r"(\d{4})(?P<month>\d{2})(?P<day>\d{2})", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T|\s+(?:(GMT|UTC)\s+)?)(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?\s*"
    r"(Z|GMT|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_WORDS = re.compile(r"(\d{1,2})\.?\s+([A-Za-zäÄ]{3,9})\.?\s+(\d{4})")
_MONTHS: Final = {
    name: month + 1
    for month, names in enumerate(
        (
            "januar january jänner jan",
            "februar february feb",
            "märz march maerz mär mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sep sept",
            "oktober october okt oct",
            "november nov",
            "dezember december dez dec",
        )
    )
    for name in names.split()
}
_PERIOD = re.compile(r"\b(start|end)\s*=\s*([^;]+)", re.IGNORECASE)
_RANGE = re.compile(r"(.+?)\s*(?:/|\s[-–]\s|\sbis\s|\sto\s|–)\s*(.+)")
_YEARS = re.compile(r"(\d{4})\s*[-–/]\s*(\d{4})", re.ASCII)


def read(text: str) -> Value | None:
    """A day or an instant as a literal of XML Schema; None where it is neither, or could be two."""
    said = text.strip()
    if found := _INSTANT.fullmatch(said):
        return _instant(found)
    if _DAY.fullmatch(said):
        return _day(*map(int, said[:10].split("-")))
    if found := _POINTS.fullmatch(said):
        return _pointed(found)
    if found := (_YEAR_FIRST.fullmatch(said) or _PACKED.fullmatch(said)):
        return _day(int(found[1]), int(found["month"]), int(found["day"]))
    if (found := _WORDS.fullmatch(said)) and (month := _MONTHS.get(found[2].lower())):
        return _day(int(found[3]), month, int(found[1]))
    if _YEAR.fullmatch(said) and "1000" <= said < "2200":
        return {"@value": said, "@type": "xsd:gYear"}
    if (found := _MONTH.fullmatch(said)) and 1 <= int(found[2]) <= 12:
        return {"@value": said, "@type": "xsd:gYearMonth"}
    return None


def period(text: str) -> tuple[Value | None, Value | None] | None:
    """Beginning and end that a text tells, None where it tells none for certain."""
    named = {key.lower(): value for key, value in _PERIOD.findall(text)}
    if named:
        ends = tuple(read(named[key]) if key in named else None for key in ("start", "end"))
        return (ends[0], ends[1]) if any(ends) else None
    if found := (_YEARS.fullmatch(text.strip()) or _RANGE.fullmatch(text.strip())):
        first, last = read(found[1]), read(found[2])
        return (first, last) if first and last and first["@value"][:4] <= last["@value"][:4] else None
    only = read(text)
    return (only, only) if only and only["@type"] in ("xsd:gYear", "xsd:gYearMonth", "xsd:date") else None


def order(value: Value) -> str:
    """By what dates are compared: their text, which is in the order of time but for offsets."""
    return value.get("@value", "")


def _day(year: int, month: int, day: int) -> Value | None:
    try:
        return {"@value": date(year, month, day).isoformat(), "@type": "xsd:date"}
    except ValueError:
        return None


def _instant(found: re.Match[str]) -> Value | None:
    """The fraction is cut to microseconds, and left out where it is zero."""
    clock = found[3].rjust(5, "0") if found[3].index(":") == 2 else f"0{found[3]}"
    fraction = (found[4] or "")[:6].rstrip("0")
    zone = found[5] or found[2] or ""
    zone = "Z" if zone in ("GMT", "UTC", "Z") else zone if ":" in zone or not zone else f"{zone[:3]}:{zone[3:]}"
    try:
        datetime.fromisoformat(f"{found[1]}T{clock}{zone}")
    except ValueError:
        return None
    seconds = clock if clock.count(":") == 2 else f"{clock}:00"
    return {"@value": f"{found[1]}T{seconds}{'.' + fraction if fraction else ''}{zone}", "@type": "xsd:dateTime"}


def _pointed(found: re.Match[str]) -> Value | None:
    day = _day(int(found[3]), int(found[2]), int(found[1]))
    if day is None or not found[4]:
        return day
    try:
        clock = time.fromisoformat(found[4].rjust(5, "0") if found[4].count(":") == 1 else found[4].rjust(8, "0"))
    except ValueError:
        return None
    return {"@value": f"{day['@value']}T{clock.isoformat()}", "@type": "xsd:dateTime"}

"""The notice period: the one term of a policy that is about its end and never about an access.

What lives here: its name on the wire, reading a period, the end that a notice can have. What does not: giving notice
(`connector.services.life.endings`). On the wire it stands among the constraints of every permission, as `urn:allmende:
noticePeriod eq P30D`, because that is where both parties sign it and where other connectors carry it unchanged; in the
model it is a part of the policy (`Policy.notice`), so that no evaluation can ever be hindered by it. ODRL 2.2 has no
such term: its `delayPeriod` lies before a use.

A policy with a notice period can be ended by either party with that notice. One without cannot be ended by notice.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from policies import instants
from policies.vocabulary import XSD

NOTICE: Final = "urn:allmende:noticePeriod"
DATATYPE: Final = XSD + "duration"
_PERIOD = re.compile(r"P(\d{1,4})([DWMY])", re.ASCII)
_LONGEST: Final = {"D": 3660, "W": 520, "M": 120, "Y": 10}


def read(text: str) -> str:
    """Canonical text of a period of whole days, weeks, months or years (`P30D`, `P3M`). Raises `ValueError`."""
    found = _PERIOD.fullmatch(text)
    if found is None or int(found[1]) > _LONGEST[found[2]]:
        raise ValueError("not a period of whole days, weeks, months or years")
    number, unit = int(found[1]), found[2]
    return f"P{7 * number}D" if unit == "W" else f"P{number}{unit}"


def split(canonical: str) -> tuple[int, str]:
    """`P30D` -> (30, "D"). Raises `ValueError`."""
    found = _PERIOD.fullmatch(canonical)
    if found is None:
        raise ValueError("not a period")
    return int(found[1]), found[2]


def end_after(at: int, period: str) -> int:
    """The first instant behind the period when notice is given at `at`.

    The day of the notice is not counted and the last day is a whole one, both in Europe/Berlin; where a month has no
    such day, its last day is the last one.
    """
    number, unit = split(period)
    day = instants.local(at).date()
    last = day + timedelta(days=number) if unit == "D" else _later(day, number * (12 if unit == "Y" else 1))
    return instants.span(last.isoformat())[1]


def _later(day: date, months: int) -> date:
    """The same day so many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

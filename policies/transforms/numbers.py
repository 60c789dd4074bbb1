"""Numbers as people write them, read exactly.

What lives here: decimals with point or comma, exact sums, and values that have an order. What does not: which of the
two a file uses (`delimited` finds that out). A number that could be two different ones is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any, Final

from policies.instants import instant

_EXACT: Final = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
_ROUNDED: Final = Context(prec=17, traps=[InvalidOperation, Overflow, DivisionByZero])
_LARGEST: Final = 60
_POINT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]+)?", re.ASCII)

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)

Read = Callable[[Any], Decimal]


def plain(value: Any) -> Decimal:
    """A number with a decimal point. Raises `ValueError`."""
    if isinstance(value, str):
        return _decimal(value.strip(), _POINT)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("no number")  # noqa: TRY004 - the same for whoever reads a row
    found = Decimal(str(value))
    return usual(found)


def comma(value: Any) -> Decimal:
    """A number with a decimal comma, points between thousands (`1.234,5`). Raises `ValueError`."""
    if not isinstance(value, str):
        raise ValueError("no number")  # noqa: TRY004 - the same for whoever reads a row
    text = value.strip()
    if _COMMA.fullmatch(text) is None or len(text) > _LARGEST:
        raise ValueError("no number with a decimal comma")
    return Decimal(text.replace(".", "").replace(",", "."))


def whole(value: Any) -> Decimal:
    """A number without a decimal sign, where nobody knows which one is used. Raises `ValueError` for others."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value.strip()) or len(value) > _LARGEST:
        raise ValueError("no whole number")
    return Decimal(value.strip())


def positive(value: Any) -> Decimal:
    """A number above zero. Raises `ValueError`."""
    found = plain(value)
    if found <= 0:
        raise ValueError("not above zero")
    return found


def add(one: Decimal, two: Decimal) -> Decimal:
    """The exact sum. Raises `ValueError` where it has more digits than are kept."""
    try:
        return _EXACT.add(one, two)
    except (Inexact, InvalidOperation, Overflow):
        raise ValueError("the sum has too many digits") from None


def mean(total: Decimal, count: int) -> Decimal:
    """The mean, to 17 digits."""
    return _ROUNDED.divide(total, Decimal(count))


def write(number: Decimal, *, with_comma: bool = False) -> str:
    """The number without an exponent, as short as it is."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text in ("-0", "") else text
    return text.replace(".", ",") if with_comma else text


def usual(number: Decimal) -> Decimal:
    """The number itself. Raises `ValueError` for one that nobody could write out."""
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST:
        raise ValueError("not a finite number of usual size")
    return number


Ordered = tuple[int, Decimal | int]


def ordered(value: Any, read: Read = plain) -> Ordered:
    """A value that can be compared with its like: a number, a day or an instant. Raises `ValueError`."""
    try:
        return 0, read(value)
    except ValueError:
        if not isinstance(value, str):
            raise
    if len(value) == 10:
        return 1, date.fromisoformat(value).toordinal()
    return 2, instant(value)


def _decimal(text: str, pattern: re.Pattern[str]) -> Decimal:
    if pattern.fullmatch(text) is None or len(text) > _LARGEST:
        raise ValueError("no number")
    return usual(Decimal(text))

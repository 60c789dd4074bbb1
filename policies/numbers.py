"""Numbers as they are written: exact decimals and whole numbers.

What lives here: reading them, when a comparison of decimals holds, samples that stand for all. What does not: units
(each operand names its own), counts of uses (`ordered`). Source: XML Schema 1.1 part 2 (decimal, integer).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from itertools import pairwise
from typing import Final

from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled

_DECIMAL = re.compile(r"[+-]?(\d{1,30}(\.\d{0,15})?|\.\d{1,15})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
# Exact for everything that `_DECIMAL` lets through, also halved.
_EXACT: Final = Context(prec=80)


def read_decimal(text: str) -> str:
    """Canonical text of a decimal: no exponent, no zeros that say nothing. Raises `ValueError`."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a decimal")
    return plain(Decimal(text))


def between(least: int, most: int | None = None) -> Callable[[str], str]:
    """A reader of whole numbers from `least` to `most`. It raises `ValueError`."""

    def read(text: str) -> str:
        if not _WHOLE.fullmatch(text):
            raise ValueError("not a whole number")
        number = int(text)
        if number < least or (most is not None and number > most):
            raise ValueError("out of range")
        return str(number)

    return read


def span(canonical: str) -> tuple[int, int]:
    """The half-open range that a whole number covers."""
    return int(canonical), int(canonical) + 1


def plain(number: Decimal) -> str:
    """A decimal without an exponent and without needless zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def order(operator: Operator, left: Decimal, right: Decimal) -> bool | None:
    """Does the comparison hold? None for an operator that compares nothing."""
    match operator:
        case Operator.LT:
            return left < right
        case Operator.LTEQ:
            return left <= right
        case Operator.GT:
            return left > right
        case Operator.GTEQ:
            return left >= right
        case Operator.EQ:
            return left == right
        case Operator.NEQ:
            return left != right
        case _:
            return None


class Decimals(Sampled):
    """Decimals from `least` to `most`. INVARIANT: exact."""

    def __init__(self, least: str | None = None, most: str | None = None) -> None:
        self._least = None if least is None else Decimal(least)
        self._most = None if most is None else Decimal(most)

    def read(self, text: str) -> str:
        """Canonical text. Raises `ValueError`."""
        found = read_decimal(text)
        if not self._inside(Decimal(found)):
            raise ValueError("out of range")
        return found

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str):
            return None
        number = Decimal(fact)
        if operator is Operator.IS_ANY_OF:
            return any(number == Decimal(one) for one in right)
        if operator is Operator.IS_NONE_OF:
            return all(number != Decimal(one) for one in right)
        return order(operator, number, Decimal(right[0])) if len(right) == 1 else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """The numbers that are named, one between each two, and one on either side."""
        named = sorted({Decimal(claim.right) for claim in claims})
        if not named:
            return (plain(self._least or Decimal(0)),)
        low = _EXACT.subtract(named[0], 1) if self._least is None else _middle(self._least, named[0])
        high = _EXACT.add(named[-1], 1) if self._most is None else _middle(named[-1], self._most)
        found = (*named, *(_middle(*pair) for pair in pairwise(named)), low, high)
        return [plain(one) for one in found if self._inside(one)]

    def _inside(self, number: Decimal) -> bool:
        return (self._least is None or number >= self._least) and (self._most is None or number <= self._most)


def _middle(low: Decimal, high: Decimal) -> Decimal:
    return _EXACT.divide(_EXACT.add(low, high), 2)


def scaled(canonical: str, exponent: str) -> str:
    """A decimal times a power of ten, exactly. Raises `ValueError` where that is no decimal within bounds."""
    if not re.fullmatch(r"[+-]?\d{1,2}", exponent, re.ASCII):
        raise ValueError("not a power of ten")
    return read_decimal(plain(_EXACT.scaleb(Decimal(canonical), int(exponent))))

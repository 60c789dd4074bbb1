"""Which of the forms that there are a reader likes best (RFC 9110, 12.4.2 weights, 12.5.1 Accept).

What lives here: reading the field and choosing. What does not: which forms there are (`portal`), languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_LONGEST: Final = 1_024
"""Characters of the field that are looked at."""
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", re.ASCII)


def chosen(field: str, forms: Sequence[str], otherwise: str, aliases: Mapping[str, str] | None = None) -> str:
    """The one of `forms` (media types) that an Accept field likes best: of several that it likes alike `otherwise`,
    then the one that it names first, then the first of `forms`. `aliases` are other names that a form goes by.

    `otherwise` also where it likes none of them: who reads may still make something of it (15.5.7 allows that).
    """
    ranges = _ranges(field)
    named = {form: {form, *(name for name, meant in (aliases or {}).items() if meant == form)} for form in forms}
    liked = [(*_liking(ranges, named[form]), form) for form in forms]
    best = max((weight for weight, _, _ in liked), default=0.0)
    alike = [(at, form) for weight, at, form in liked if weight == best]
    if not best or otherwise in (form for _, form in alike):
        return otherwise
    return min(alike, key=lambda one: one[0])[1]


def _ranges(field: str) -> list[tuple[str, float]]:
    """Media ranges with their weights; one whose weight is none counts as refused."""
    found = []
    for one in _QUOTED.sub("", field.lower()[:_LONGEST]).split(","):
        media, *parameters = ("".join(part.split()) for part in one.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        found.append((media, float(weight) if _NUMBER.fullmatch(weight) else 0.0))
    return found


def _liking(ranges: list[tuple[str, float]], names: set[str]) -> tuple[float, int]:
    """How much a form is liked that goes by these names, and which range says so: the most specific one does."""
    for wanted in (names, {f"{name.partition('/')[0]}/*" for name in names}, {"*/*"}):
        said = [(weight, at) for at, (media, weight) in enumerate(ranges) if media in wanted]
        if said:
            weight, at = max(said, key=lambda one: (one[0], -one[1]))
            return weight, at
    return 0.0, len(ranges)

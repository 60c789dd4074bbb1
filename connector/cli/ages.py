"""How old something is and how far it can be trusted, in the words of a person: what search, crawl and status share.

What does not live here: what these words are said of (`crawls`, `searching`), instants and sizes (`output`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from connector.cli.words import either

_STEPS: Final = (
    (60, "minute", "minutes", "Minute", "Minuten"),
    (3_600, "hour", "hours", "Stunde", "Stunden"),
    (86_400, "day", "days", "Tag", "Tagen"),
    (30 * 86_400, "month", "months", "Monat", "Monaten"),
    (365 * 86_400, "year", "years", "Jahr", "Jahren"),
)
_TRUST: Final[Mapping[str, tuple[str, str]]] = {
    "signed": ("signed by its owner", "vom Anbieter signiert"),
    "told": ("told by its owner", "vom Anbieter genannt"),
    "unvouched": ("nobody vouches for it", "niemand bürgt dafür"),
    "doubtful": ("contradicts what its owner has signed", "widerspricht dem, was der Anbieter signiert hat"),
}
_ORIGIN: Final[Mapping[str, tuple[str, str]]] = {
    "own": ("this node", "dieser Knoten"),
    "direct": ("read at its owner", "beim Anbieter gelesen"),
    "broker": ("through a broker", "über einen Vermittler"),
}


def now() -> int:
    """Microseconds UTC, by the clock of whoever reads."""
    return round(time.time() * 1e6)


def age(at: int | None, now: int) -> str:
    """How long ago something was: `3 hours ago`; `never` where it was not. Both are microseconds UTC."""
    if at is None:
        return either("never", "nie")
    seconds = (now - at) // 1_000_000
    if seconds < 0:
        return either("in the future", "in der Zukunft")
    if seconds < 60:
        return either("just now", "gerade eben")
    return either(f"{_count(seconds)} ago", f"vor {_count(seconds)}")


def ahead(at: int, now: int) -> str:
    """How soon something will be: `in 40 seconds`."""
    seconds = max(0, (at - now) // 1_000_000)
    if seconds == 0:
        return either("now", "jetzt")
    if seconds < 60:
        return either(f"in {seconds} s", f"in {seconds} s")
    return either(f"in {_count(seconds)}", f"in {_count(seconds)}")


def trust(value: str) -> str:
    """What stands behind an entry (`catalog.index.forms.Trust`); a word that is not known is shown as it is."""
    return either(*_TRUST[value]) if value in _TRUST else value


def origin(value: str, via: str = "") -> str:
    """How an entry came here (`catalog.index.forms.Origin`); `via` names the broker."""
    said = either(*_ORIGIN[value]) if value in _ORIGIN else value
    return f"{said} {via}" if via else said


def _count(seconds: int) -> str:
    """A number of the largest unit that is there at least once."""
    length, one, many, eins, viele = next(step for step in reversed(_STEPS) if seconds >= step[0])
    count = seconds // length
    return either(f"{count} {one if count == 1 else many}", f"{count} {eins if count == 1 else viele}")

"""Names: words and IRIs that are the same or are not, and nothing else.

What lives here: identity, and language tags, where a tag includes those that begin with it. What does not: terms of a
taxonomy. Source: ODRL 2.2, operators; RFC 4647, 3.3.1 (basic filtering) for language tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from policies.claims import Claim
from policies.model import Operator
from policies.sampled import Sampled, same
from policies.taxonomy import read_iri

_LONGEST = 512
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}", re.ASCII)
_LANGUAGE_OF = re.compile(
    r"https?://(?:publications\.europa\.eu/resource/authority/language/|lexvo\.org/id/iso639-[135]/"
    r"|id\.loc\.gov/vocabulary/iso639-[12]/|www\.lexvo\.org/id/iso639-[135]/)([A-Za-z]{2,3})",
    re.ASCII,
)


def read_text(text: str) -> str:
    """Text that a person can read: not empty, no invisible signs, no blanks around it. Raises `ValueError`."""
    if not 0 < len(text) <= _LONGEST or text != text.strip() or not text.isprintable():
        raise ValueError("not a short text")
    return text


def read_language(text: str) -> str:
    """A language tag in its usual spelling (`de-AT`), or the IRI of a language. Raises `ValueError`."""
    if found := _LANGUAGE_OF.fullmatch(text):
        return found[1].lower()
    if not _TAG.fullmatch(text):
        return read_iri(text)
    first, *rest = text.split("-")
    return "-".join((first.lower(), *(part.upper() if len(part) == 2 else part.lower() for part in rest)))


class Names(Sampled):
    """Names of which each is itself alone. INVARIANT: exact. `other` is a name that nobody uses."""

    def __init__(self, read: Callable[[str], str] = read_text, other: str = "urn:other") -> None:
        self.read, self._other = read, other

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        return same(operator, right, fact) if isinstance(fact, str) else None

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """The names that are used, and one more."""
        return (*dict.fromkeys(claim.right for claim in claims), self._other)

    def alike(self, value: str) -> Iterable[str]:
        """A name equals itself alone."""
        return (value,)


class Languages(Sampled):
    """Languages: `de` includes `de-AT`. A broader fact than what is asked for is undecided. INVARIANT: exact."""

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""
        if not isinstance(fact, str):
            return None
        match operator:
            case Operator.IS_A | Operator.IS_PART_OF if len(right) == 1:
                return True if _begins(fact, right[0]) else None if _begins(right[0], fact) else False
            case Operator.HAS_PART if len(right) == 1:
                return _begins(right[0], fact)
            case _:
                return same(operator, right, fact)

    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """The tags that are used, those above them, one below each of them, and one of another language."""
        used = list(dict.fromkeys(claim.right for claim in claims))
        parts = [tag.split("-") for tag in used if ":" not in tag]
        above = dict.fromkeys("-".join(some[:size]) for some in parts for size in range(1, len(some) + 1))
        return (*used, *above, *(f"{tag}-x{len(used)}other" for tag in above), "zxx")

    def alike(self, value: str) -> Iterable[str]:
        """A tag equals itself alone."""
        return (value,)


def _begins(tag: str, with_: str) -> bool:
    return tag == with_ or (":" not in with_ and tag.startswith(with_ + "-"))

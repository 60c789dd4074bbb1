"""Reasons on the wire: words for every reader, code and parameters for a reader of our kind.

What lives here: what goes into the `reason` array of a message and what is taken out of a peer's. What does not: the
wording (`connector.sentences`). Source: Dataspace Protocol 2025-1: `reason` is an array of anything, `code` a string.

Peers write strings (Eclipse EDC reads and writes nothing else), language-tagged values, or objects of their own. What a
peer has said is kept bounded and printable, and shown as its words, never as ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import UNSET

from connector.sentences import sentence
from policies.model import Reason

WORDS, CODE = "peer.says", "peer.says_code"
SAID: Final = "said"
"""The parameter that names the peer's own reason, whose parameters stand beside it."""
_LONGEST, _MOST = 500, 16


def told(reason: Reason) -> tuple[Any, ...]:
    """The `reason` array of a message of ours: an English sentence, then code and parameters."""
    return sentence(reason, "en"), {"code": reason.code, "params": dict(reason.params)}


def heard(code: str, fallback: Any, said: Any, **more: str) -> Reason:
    """The reason of a peer's message: `code` is ours, `fallback` its `code`, `said` its `reason`. `more` goes in as it
    is."""
    items = said if isinstance(said, list | tuple) else () if said is UNSET or said is None else (said,)
    named = {"code": _plain(fallback)} if isinstance(fallback, str) and _plain(fallback) else {}
    inner = _inner(items) or ({SAID: CODE} if named else {})
    return Reason(code, {**inner, **named, **more})


def _inner(items: Iterable[Any]) -> dict[str, str]:
    """What a peer's array says, as parameters: a reason like ours, else all of its words."""
    words = []
    for item in items:
        if (ours := _ours(item)) is not None:
            return ours
        words += _words(item)
    text = _plain(" ".join(words))
    return {SAID: WORDS, "text": text} if text else {}


def _ours(item: Any) -> dict[str, str] | None:
    """Code and parameters of a peer of our kind; None for anything else."""
    if not isinstance(item, Mapping) or not item.keys() <= {"code", "params"} or not isinstance(item.get("code"), str):
        return None
    params = item.get("params", {})
    if not isinstance(params, Mapping) or len(params) > _MOST:
        return None
    kept = {_plain(name): _plain(value) for name, value in params.items() if isinstance(value, str)}
    return {**kept, SAID: _plain(item["code"])}


def _words(item: Any) -> list[str]:
    """The texts in one member of the array: itself, its value, or those of an object that nobody knows."""
    if isinstance(item, str):
        return [item]
    if not isinstance(item, Mapping):
        return []
    found = (item["@value"],) if "@value" in item else tuple(item.values())[:_MOST]
    return [one for one in found if isinstance(one, str)]


def _plain(text: str) -> str:
    """One bounded printable line."""
    return "".join(c for c in " ".join(text[: 4 * _LONGEST].split()) if c.isprintable())[:_LONGEST]

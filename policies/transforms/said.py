"""Reading back which steps were done: the inverse of `Chain.text`.

What lives here: from the header field to the chain. What does not: writing it (`fields`, `chain`). Source: RFC 9651
(lists, inner lists, strings) and the display strings in it, as far as `fields.structured` writes them.

INVARIANT: the digest at the end of the text is that of the chain that is given back, so nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from policies.transforms.chain import Chain, of_steps
from policies.transforms.steps import ORDER, Step

_STRING: Final = r'(?:%"[^"]*"|"(?:[^"\\]|\\["\\])*")'
_STEP = re.compile(rf"\(([a-z-]+)((?: {_STRING})*)\)((?:;[a-z-]+={_STRING})*), ", re.ASCII)
_PARAMETER = re.compile(rf";([a-z-]+)=({_STRING})", re.ASCII)
_DIGEST = re.compile(r"digest;sha-256=:[A-Za-z0-9+/=]{44}:", re.ASCII)
_KINDS: Final[Mapping[str, type[Struct]]] = {str(kind.__struct_config__.tag): kind for kind in ORDER}
_MOST: Final = 64
"""Readings of a text that are tried: a blank may part two values, or belong to one."""


def chain_of(text: str) -> Chain | None:
    """The chain that a text tells; None where it does not tell it: it was too long for a header field and is a digest
    alone, or is no such text."""
    read: list[list[Step]] = []
    at = 0
    while found := _STEP.match(text, at):
        read.append(list(_steps(*found.groups())))
        at = found.end()
    if not read or _DIGEST.fullmatch(text, at) is None:
        return None
    for tried, steps in enumerate(product(*read)):
        if tried >= _MOST:
            break
        made = of_steps(steps)
        if made.text == text:
            return made
    return None


def _steps(name: str, about: str, more: str) -> Iterator[Step]:
    """What a step may be: its values parted at blanks, or one of them with blanks."""
    kind = _KINDS.get(name)
    if kind is None:
        return
    plain: dict[str, Any] = {key.replace("-", "_"): _text(value) for key, value in _PARAMETER.findall(more)}
    named = {field.name for field in msgspec.structs.fields(kind)}
    several = [key for key in ("groups", "statistics", "values") if key in plain]
    fields = [_text(one) for one in re.findall(_STRING, about)]
    if fields:
        plain["fields" if "fields" in named and ("groups" not in named or "groups" in plain) else "groups"] = fields
    if "fields" in named:
        plain.setdefault("fields", [])
    for split in (True, False):
        tried = dict(plain)
        for key in several:
            tried[key] = plain[key].split(" ") if split else [plain[key]]
        try:
            step: Step = msgspec.convert(tried | {"type": name}, kind, strict=False)  # type: ignore[assignment]
        except msgspec.ValidationError:
            continue
        yield step


def _text(written: str) -> str:
    if written.startswith("%"):
        return unquote(written[2:-1])
    return re.sub(r"\\(.)", r"\1", written[1:-1])

"""Keys of a JSON text that stand twice in one object: two readers would read two policies.

What lives here: finding out that there is one, and where. What does not: reading (`forms`). Sources: RFC 8259, section
4; RFC 7493, 2.3.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]:,\n]')


def repeated(data: bytes, value: Any) -> tuple[str, int] | None:
    """The first key that stands twice, and its line; None where none does. `value` is what the text was read as.

    Outside of its strings JSON has one colon for each key: a text in which a key stands twice has more of them than
    the same value written anew.
    """
    if _colons(data) == _colons(msgspec.json.encode(value)):
        return None
    return _first(data.decode("utf-8-sig"))


def _colons(text: bytes) -> int:
    # Escapes pair up from the left, so that two backslashes go before a backslash with a quotation mark.
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return sum(part.count(b":") for part in text.split(b'"')[::2])


def _first(text: str) -> tuple[str, int] | None:
    """Walk through the text with the keys of every open object at hand."""
    line, last = 1, ""
    open_: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "\n":
                line += 1
            case "{" | "[":
                open_.append(set())
            case "}" | "]":
                open_.pop()
            case ":":
                if last in open_[-1]:
                    return last, line
                open_[-1].add(last)
            case string if string != ",":
                last = msgspec.json.decode(string)
    return None

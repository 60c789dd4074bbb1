"""From a place to its line: `line N`, or a JSON pointer into JSON or TOML.

What lives here: finding the line. What does not: places (the readers say them). Sources: RFC 6901; RFC 8259; TOML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.forms import Form

_LINE = re.compile(r"line ([0-9]+)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_HEADER = re.compile(r"\s*(\[{1,2})([^\[\]]+)\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_MOST: Final = 2_000_000
"""Characters of a text that are looked through."""
_DEEPEST: Final = 100
"""Levels of a text that are looked through; no reader takes as many."""


def line(place: str, text: str, form: Form) -> int | None:
    """The line that a place is on, counted from 1; None where it cannot be told."""
    found = _LINE.fullmatch(place)
    if found is not None:
        return int(found[1])
    if len(text) > _MOST or (place and not place.startswith("/")):
        return None
    pointer = tuple(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])
    return Lines(text, form).of(pointer)


class Lines:
    """The lines of everything in a text, by its path."""

    def __init__(self, text: str, form: Form) -> None:
        walk = _toml if form is Form.TOML else _json
        self._lines: dict[tuple[str, ...], int] = {}
        for path, number in walk(text) if form is not Form.TURTLE else ():
            self._lines.setdefault(path, number)

    def of(self, pointer: tuple[str, ...]) -> int | None:
        """The line of the pointer, else of the nearest thing around it."""
        while pointer and pointer not in self._lines:
            # One that stands alone may be told of as the first of a list.
            if pointer[-1] == "0" and pointer[:-1] in self._lines:
                return self._lines[pointer[:-1]]
            if (first := (*pointer, "0")) in self._lines:
                return self._lines[first]
            pointer = pointer[:-1]
        return self._lines.get(pointer, 1)


def _json(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Paths of members and items with the lines of their keys; ends where the text is no JSON."""
    path: list[str | int] = []
    number, last, key = 1, 0, None
    for token in _TOKEN.finditer(text):
        number += text.count("\n", last, token.start())
        last = token.start()
        sign = token[0]
        if sign in "{[":
            if len(path) >= _DEEPEST:
                return
            if path and isinstance(path[-1], int):
                yield tuple(map(str, path)), number
            path.append("" if sign == "{" else 0)
        elif sign in "}]":
            if path:
                path.pop()
        elif sign == ",":
            if path and isinstance(path[-1], int):
                path[-1] += 1
        elif sign == ":":
            if path and key is not None:
                path[-1] = key
                yield tuple(map(str, path)), number
        elif path and isinstance(path[-1], int):
            yield tuple(map(str, path)), number
        key = sign[1:-1] if sign.startswith('"') else None


def _toml(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Paths of tables and keys with their lines; a list of tables is counted."""
    counted: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, content in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(content)
        if header is not None:
            table = _table(_parts(header[2]), header[1] == "[[", counted)
            yield table, number
            continue
        found = _KEY.match(content)
        if found is not None:
            path = (*table, *_parts(found[1] + found[2]))
            for length in range(len(table) + 1, len(path) + 1):
                yield path[:length], number


def _parts(dotted: str) -> tuple[str, ...]:
    found = re.findall(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""", dotted)
    return tuple(a or b or c for a, b, c in found)


def _table(names: tuple[str, ...], listed: bool, counted: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """The path of a table, with the numbers of the lists that it stands in."""
    path: tuple[str, ...] = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if place == len(names) - 1 and listed:
            counted[path] = counted.get(path, -1) + 1
        if path in counted:
            path = (*path, str(counted[path]))
    return path

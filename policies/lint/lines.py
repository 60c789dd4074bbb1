"""From a place to its line: `line N`, or a JSON pointer into JSON or TOML.

What lives here: finding the line. What does not: places (the readers say them). Sources: RFC 6901; RFC 8259; TOML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Final

from policies.forms import Form

_LINE = re.compile(r"line ([0-9]+)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_HEADER = re.compile(r"\s*(\[{1,2})([^\[\]]+)\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_Path = tuple[str, ...]

_MOST: Final = 2_000_000
"""Characters of a text that are looked through."""
_DEEPEST: Final = 100
"""Levels of a text that are looked through; no reader takes as many."""


def lines(places: Iterable[str], text: str, form: Form) -> dict[str, int | None]:
    """The lines that places are on, counted from 1; None where it cannot be told. The text is looked through once."""
    pointers: dict[str, _Path] = {}
    found: dict[str, int | None] = {}
    for place in places:
        told = _LINE.fullmatch(place)
        found[place] = int(told[1]) if told is not None else None
        if told is None and len(text) <= _MOST and (not place or place.startswith("/")):
            pointers[place] = tuple(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])
    known = _known(set(pointers.values()), text, form)
    return found | {place: _nearest(pointer, known) for place, pointer in pointers.items()}


def _known(pointers: Set[_Path], text: str, form: Form) -> dict[_Path, int]:
    """The lines of what the pointers lead through, as far as the text has it. INVARIANT: nothing else is kept."""
    through = {pointer[:length] for pointer in pointers for length in range(len(pointer) + 1)}
    through |= {(*path, "0") for path in through}
    known: dict[_Path, int] = {}
    if not pointers or form is Form.TURTLE:
        return known
    walk = _toml if form is Form.TOML else _json
    for path, number in walk(text, max(map(len, through))):
        if path in through:
            known.setdefault(path, number)
    return known


def _nearest(pointer: _Path, known: Mapping[_Path, int]) -> int:
    """The line of the pointer, else of the nearest thing around it."""
    while pointer and pointer not in known:
        # One that stands alone may be told of as the first of a list.
        if pointer[-1] == "0" and pointer[:-1] in known:
            return known[pointer[:-1]]
        if (first := (*pointer, "0")) in known:
            return known[first]
        pointer = pointer[:-1]
    return known.get(pointer, 1)


def _json(text: str, most: int) -> Iterator[tuple[_Path, int]]:
    """Paths of members and items, of at most as many parts, with the lines of their keys; ends where the text is no
    JSON."""
    path: list[str | int] = []
    number, last, key = 1, 0, None
    for token in _TOKEN.finditer(text):
        number += text.count("\n", last, token.start())
        last = token.start()
        sign = token[0]
        if sign in "{[":
            if len(path) >= _DEEPEST:
                return
            if path and isinstance(path[-1], int) and len(path) <= most:
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
                if len(path) <= most:
                    yield tuple(map(str, path)), number
        elif path and isinstance(path[-1], int) and len(path) <= most:
            yield tuple(map(str, path)), number
        key = sign[1:-1] if sign.startswith('"') else None


def _toml(text: str, most: int) -> Iterator[tuple[_Path, int]]:
    """Paths of tables and keys, of at most as many parts, with their lines; a list of tables is counted."""
    counted: dict[_Path, int] = {}
    table: _Path = ()
    for number, content in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(content)
        found = _KEY.match(content)
        parts = _parts(header[2] if header else found[1] + found[2] if found else "")
        if len(parts) > _DEEPEST:
            return
        if header is not None:
            table = _table(parts, header[1] == "[[", counted)
            yield table, number
        elif found is not None:
            path = (*table, *parts)
            for length in range(len(table) + 1, min(len(path), most) + 1):
                yield path[:length], number


def _parts(dotted: str) -> _Path:
    found = re.findall(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""", dotted)
    return tuple(a or b or c for a, b, c in found)


def _table(names: _Path, listed: bool, counted: dict[_Path, int]) -> _Path:
    """The path of a table, with the numbers of the lists that it stands in."""
    path: _Path = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if place == len(names) - 1 and listed:
            counted[path] = counted.get(path, -1) + 1
        if path in counted:
            path = (*path, str(counted[path]))
    return path

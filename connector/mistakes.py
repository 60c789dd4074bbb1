"""Where a mistake in the settings stands: its line in `allmende.toml`, or the environment variable.

What lives here: finding the place, and what could have been meant. What does not: finding mistakes (`config`).
`tomllib` tells no lines of what it has read, so the text is looked through again; a place not found is left out.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any

_PLACE = re.compile(r"(?:\[(?P<section>[^\]]+)\] ?)?(?P<key>[A-Za-z0-9_-]*)")
_HEADER = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]")
_KEY = re.compile(r"\s*[\"']?(?P<name>[A-Za-z0-9_-]+)[\"']?\s*=")


def located(problem: str, text: str, environment: Mapping[str, str]) -> str:
    """A problem (`[section] key: what is wrong`) with its place in front."""
    found = _PLACE.match(problem)
    section, key = (found["section"] or "", found["key"]) if found else ("", "")
    variable = f"ALLMENDE_{section}__{key}".upper() if section else f"ALLMENDE_{key}".upper()
    if variable in environment:
        return f"{variable}: {problem}"
    line = _line(text, section, key)
    return problem if line is None else f"line {line}: {problem}"


def _line(text: str, section: str, key: str) -> int | None:
    """The number of the line that sets `key` in `section`; without such a line, that of the section."""
    current, header = "", None
    for number, line in enumerate(text.splitlines(), 1):
        if (opened := _HEADER.match(line)) is not None:
            current = opened["name"].strip()
            header = number if current == section else header
        elif current == section and (given := _KEY.match(line)) is not None and given["name"] == key:
            return number
    return header


def meant(given: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` where something known is spelled nearly like that, else nothing."""
    near = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def choices(kind: Any) -> str:
    """`; one of ...` for a setting with a fixed set of values, else nothing."""
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) is typing.Literal:
        return f"; one of {', '.join(map(str, typing.get_args(kind)))}"
    return ""

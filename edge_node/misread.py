"""What msgspec says of settings that it cannot read, as codes: so that a person hears in his language what is wrong.

What lives here: telling its messages apart. What does not: reading the settings (`config`, `sources`), the sentences
(`sentences.settings`). A message of another kind is shown as it is.
"""

from __future__ import annotations

import re
from typing import Final

from edge_node.errors import SettingsError

_WHERE: Final = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_LINE: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`$")
_TYPE: Final = re.compile(r"Expected `([^`]*)`, got `([^`]*)`$")
_BOUND: Final = re.compile(r"Expected `[^`]*` ((?:>=|<=|>|<|of length|matching).*)$")
_CHOICE: Final = re.compile(r"Invalid enum value (.*)$")
_KINDS: Final = {
    "int": "settings.whole",
    "float": "settings.number",
    "str": "settings.text",
    "bool": "settings.flag",
    "array": "settings.list",
    "object": "settings.table",
}
"""What is wanted, by the first of the types that would do."""


def settings_error(place: str, why: str, otherwise: str) -> SettingsError:
    """The error for what msgspec says (`why`) of the settings at `place`; `otherwise` is the code of what is not
    known here, with `why` as it is."""
    if line := _LINE.search(why):
        return SettingsError("settings.toml", place=place, line=line[1], column=line[2])
    if why.endswith("(at end of document)"):
        return SettingsError("settings.ended", place=place)
    inside = _WHERE.search(why)
    said = why[: inside.start()] if inside else why
    where = _joined(place, inside[1] if inside else "")
    if found := _UNKNOWN.match(said):
        return SettingsError("settings.unknown", place=where, field=found[1])
    if found := _MISSING.match(said):
        return SettingsError("settings.needed", place=where, field=found[1])
    if found := _BOUND.match(said):
        return SettingsError("settings.bound", place=where, bound=found[1])
    if found := _CHOICE.match(said):
        return SettingsError("settings.choice", place=where, found=found[1])
    if (found := _TYPE.match(said)) and (code := _KINDS.get(found[1].partition(" ")[0])):
        return SettingsError(code, place=where)
    return SettingsError(otherwise, place=place, why=why)


def _joined(place: str, inside: str) -> str:
    """`sources.roof.with` and `fields[...].at` as one place; which of several msgspec does not say."""
    within = inside.replace("[...]", ".…").lstrip(".")
    return f"{place}.{within}" if place and within else place or within

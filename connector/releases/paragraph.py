"""Files of `Name: value` lines, as the package manager's own: what a release is, what an update is about.

No JSON: these are read by people on a device without tools, and by this program before it has any package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from connector.releases.errors import ReleaseError

LONGEST = 1 << 16
_LINE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*):[ ]?(?P<value>[^\r\n\x00]*)")


def read(path: Path) -> dict[str, str] | None:
    """The lines of a file; None where there is none. Raises `ReleaseError` for a file that is no such text."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReleaseError(f"{path}: {error.strerror}") from None
    return parse(data, str(path))


def parse(data: bytes, place: str) -> dict[str, str]:
    """Lines from bytes. Raises `ReleaseError`: too long, no UTF-8, a line of another form, a name twice."""
    if len(data) > LONGEST:
        raise ReleaseError(f"{place}: longer than {LONGEST} bytes")
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        raise ReleaseError(f"{place}: not UTF-8") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        told = _LINE.fullmatch(line)
        if told is None or told["name"] in found:
            raise ReleaseError(f"{place}: line {number} cannot be read")
        found[told["name"]] = told["value"]
    return found


def written(values: Mapping[str, str]) -> str:
    """The text that `read` reads the same values from."""
    return "".join(f"{name}: {value}\n" for name, value in values.items())

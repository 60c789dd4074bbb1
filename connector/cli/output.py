"""What a person or a program reads: tables, labelled lines, instants, sizes, progress. No decisions, no network.

Answers go to stdout, progress and remarks to stderr. `NO_COLOR` and a stdout that is no terminal switch style off.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

from connector.cli.words import either, word

MIDNIGHT = clock(0)
PATIENCE = 2.0
"""Seconds after which a person is told what is being waited for."""


BOLD, PLAIN = "\ufdd0", "\ufdd1"
"""Where bold type begins and ends, in a text that is not printed yet; noncharacters, so no text has them by right."""

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0\ufdd1]"
)
"""What steers a terminal or reorders a line, and what no encoding can write: never printed as it is."""


def say_json(line: str) -> None:
    """Print an answer that is one line of JSON; what is escaped in it means the same."""
    sys.stdout.write(_UNSEEN.sub(_escaped, line) + "\n")


def say(text: str) -> None:
    """Print an answer. INVARIANT: what came from elsewhere cannot steer the terminal."""
    sys.stdout.write(_styled(text) + "\n")


def save(pieces: Iterable[bytes], file: str) -> int | None:
    """Write bytes into a file, or as they are to standard output for `-`. How many went into the file."""
    if file != "-":
        with Path(file).open("wb") as target:
            return sum(target.write(piece) for piece in pieces)
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
    return None


def remark(text: str) -> None:
    """A line for the person, never part of the answer."""
    print(_styled(text), file=sys.stderr, flush=True)


def plain(text: str) -> str:
    """A text from elsewhere as one line in which nothing is hidden; control characters are written as `\\u001b`."""
    return _UNSEEN.sub(_escaped, " ".join(text.split()))


def _styled(text: str) -> str:
    return "".join(_STYLE.get(part, _UNSEEN.sub(_escaped, part)) for part in _MARKS.split(text))


_STYLE = {BOLD: "\x1b[1m", PLAIN: "\x1b[0m"}
_MARKS = re.compile(f"([{BOLD}{PLAIN}])")


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def heading(text: str) -> str:
    """Bold where the reader is a terminal that wants it."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"{BOLD}{text}{PLAIN}"


def table(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], empty: str, *, as_they_are: bool = False
) -> str:
    """Rows as aligned columns; `columns` maps a key to its heading. `empty` is said where there are no rows.
    `as_they_are`: headings are names of somebody's data and not words of ours to be translated."""
    body = [[cell(row.get(key)) for key in columns] for row in rows]
    if not body:
        return word(empty)
    columns = {key: plain(text) if as_they_are else word(text) for key, text in columns.items()}
    widths = [max(len(line[at]) for line in (list(columns.values()), *body)) for at in range(len(columns))]
    head, *lines = (
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in (list(columns.values()), *body)
    )
    return "\n".join([heading(head), *lines])


def labelled(pairs: Iterable[tuple[str, Any]]) -> str:
    """`label: value` lines, aligned; pairs without a value are left out."""
    kept = [(word(label), cell(value)) for label, value in pairs if value not in (None, "", [], {})]
    width = max((len(label) for label, _ in kept), default=0)
    return "\n".join(f"{heading(label.ljust(width))}  {value}" for label, value in kept)


def bullets(title: str, lines: Sequence[str], *, as_it_is: bool = False) -> str:
    """A title over dashed lines, where an indented line belongs to the one above; empty where there are none.
    `as_it_is`: the title is a name and no word of ours to be translated."""
    told = (line[: len(line) - len(line.lstrip(" "))] + plain(line) for line in lines)
    shown = (line if line.startswith(" ") else f"- {line}" for line in told)
    return (
        "\n".join([heading(plain(title if as_it_is else word(title))), *(f"  {line}" for line in shown)])
        if lines
        else ""
    )


def paragraphs(*parts: str) -> str:
    """The parts that say something, with an empty line between them."""
    return "\n\n".join(part for part in parts if part)


def cell(value: Any) -> str:
    """A JSON value as a person reads it."""
    match value:
        case None:
            return ""
        case True:
            return word("yes")
        case False:
            return word("no")
        case list() | tuple():
            return ", ".join(cell(item) for item in value)
        case dict():
            return ", ".join(f"{plain(str(key))}={cell(item)}" for key, item in value.items())
        case _:
            return plain(str(value))


def tail(id: str) -> str:
    """The short form of an id that every command accepts: its last eight characters."""
    return id[-8:]


def _local(value: int) -> datetime:
    from policies import instants  # for those who ask something only

    return instants.local(value)


def instant(value: int | str | None) -> str:
    """Microseconds UTC (or ready text) as date and time where terms are read too, Europe/Berlin."""
    if not isinstance(value, int):
        return value or ""
    at = _local(value)
    return either(at.isoformat(sep=" ", timespec="seconds"), f"{at:%d.%m.%Y %H:%M:%S}")


def today() -> str:
    """The day it is in Europe/Berlin, as people type it."""
    return f"{_local(round(time.time() * 1e6)):%Y-%m-%d}"


def ending(value: int | None) -> str:
    """When something ends; at midnight, as the last day: what people say, and type for `--until`."""
    if value is None or (at := _local(value)).time() != MIDNIGHT:
        return instant(value)
    last = at.date() - timedelta(days=1)
    return either(f"{last:%Y-%m-%d}", f"{last:%d.%m.%Y}")


def by(at: int, who: str) -> str:
    """When something was done, and by whom."""
    return f"{instant(at)} {either('by', 'von')} {who}"


def size(count: int) -> str:
    """A number of bytes as a person reads it."""
    if count < 1000:
        return f"{count} bytes"
    amount, units = count / 1000, ["kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.1f} {units[0]}"


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Tell on stderr what is being waited for, once it takes longer than two seconds and every five from then on."""
    done, so_far = threading.Event(), either("so far", "bisher")
    begun = time.monotonic()

    def tell() -> None:
        pause = PATIENCE
        while not done.wait(pause):
            remark(f"{what}, {time.monotonic() - begun:.0f} s {so_far} ...")
            pause = 5.0

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()

"""Delimited text (RFC 4180 and what German offices make of it) to rows and back.

What lives here: finding out how such a text is written (encoding, delimiter, line ends, decimal comma), its rows, and
writing rows in the same way. What does not: what is done to rows (`rows`).

The encoding is the one that is stated; else UTF-8 where the whole is UTF-8, else Windows-1252. The decimal sign is
found for each column in the first rows; in a column that shows none, only whole numbers are numbers: `1.234` may be
either of two. Columns in whose first rows objects of JSON stand are found as well: steps reach into them.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from policies.model import PolicyError, Reason
from policies.transforms import inside
from policies.transforms.rows import Plan, Schema

Opened = Callable[[], Iterator[bytes]]
"""Gives the bytes from the beginning, each time it is called."""

_HEAD: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 22
_BATCH: Final = 2048
_DELIMITERS: Final = ";,\t|"
_ENCODINGS: Final = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1"), "iso-8859-1"),
    "iso-8859-15": "iso-8859-15",
}
_WITH_COMMA = re.compile(r"\s*[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]+\s*", re.ASCII)
_WITH_POINT = re.compile(r"\s*[+-]?[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)
_THOUSANDS = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+\s*", re.ASCII)


class Delimited:
    """The rows of a delimited text, as often as they are asked for. Raises `PolicyError` where the text is none."""

    media_type = "text/csv"

    def __init__(self, opened: Opened, charset: str = "") -> None:
        self._opened = opened
        self._encoding, self._marked = _encoding(opened, charset)
        head = self._first_lines(opened)
        self._delimiter = _delimiter(head)
        self._line_end = "\r\n" if "\r\n" in head else "\n"
        self._heading, *rows = self._sample(head)
        decimals = tuple(_decimal([row[n] for row in rows if n < len(row)], self._delimiter) for n in self._columns())
        german = self._delimiter == ";" and "." not in decimals
        self.schema = Schema(
            tuple(self._heading),
            decimals=decimals,
            comma=german or "," in decimals,
            documents=tuple(
                name
                for n, name in enumerate(self._heading)
                if any(inside.is_document(row[n]) for row in rows if n < len(row))
            ),
        )
        if charset:
            self.media_type = f"text/csv; charset={charset}"

    def __iter__(self) -> Iterator[list[str]]:
        """Every row behind the headings. Raises `ValueError` for what is no row."""
        encoding = "utf-8-sig" if self._marked else self._encoding
        text = io.TextIOWrapper(io.BufferedReader(_Raw(self._opened()), _HEAD), encoding, newline="")
        try:
            rows = csv.reader(text, delimiter=self._delimiter, strict=True)
            next(rows)
            yield from rows
        except csv.Error:
            raise ValueError("no row") from None
        finally:
            text.close()

    @property
    def encoding(self) -> str:
        """How its letters are written; as `charset` it needs not be found out again."""
        return self._encoding

    def written(self, rows: Iterable[Sequence[Any]], plan: Plan) -> Iterator[bytes]:
        """The bytes of what leaves, headings first. Raises `PolicyError` as the rows do."""
        mark = "\ufeff" if self._marked else ""
        yield self._encoded(mark + self._lines([plan.columns]))
        left = iter(rows)
        while some := list(islice(left, _BATCH)):
            yield self._encoded(self._lines(some))

    def _lines(self, rows: Sequence[Sequence[Any]]) -> str:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self._delimiter, lineterminator=self._line_end)
        writer.writerows(rows)
        text = out.getvalue()
        if self._line_end == "\r\n" or "\r" not in text:
            return text
        # The library quotes no sign that is no part of its own line end; readers take this one for the end of a row.
        out = io.StringIO()
        plain = csv.writer(out, delimiter=self._delimiter, lineterminator="\n")
        quoted = csv.writer(out, delimiter=self._delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in rows:
            (quoted if any("\r" in str(cell) for cell in row) else plain).writerow(row)
        return out.getvalue()

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode(self._encoding)
        except UnicodeEncodeError:
            # What the policy puts in its place has letters that this encoding has not.
            raise PolicyError(Reason("transform.encoding", {"encoding": self._encoding})) from None

    def _columns(self) -> range:
        return range(len(self._heading))

    def _first_lines(self, opened: Opened) -> str:
        """Whole lines from the beginning, without a byte order mark."""
        data = b""
        for piece in opened():
            data += piece
            if len(data) >= _HEAD:
                break
        cut = data[:_HEAD]
        if len(data) > len(cut) or len(cut) == _HEAD:
            cut = cut[: cut.rfind(b"\n") + 1] or cut
        try:
            return cut.decode(self._encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise PolicyError(Reason("transform.encoding", {"encoding": self._encoding})) from None

    def _sample(self, head: str) -> list[list[str]]:
        """The headings, and the first rows as far as they can be read."""
        rows: list[list[str]] = []
        # A row may be cut at the end of the head; a bad one is met again on the run.
        with contextlib.suppress(csv.Error):
            rows += csv.reader(io.StringIO(head, newline=""), delimiter=self._delimiter, strict=True)
        if not rows or not any(name.strip() for name in rows[0]):
            raise PolicyError(Reason("transform.shape"))
        rows[0] = [name.strip() for name in rows[0]]
        return rows


class _Raw(io.RawIOBase):
    """Pieces of bytes as a file; a line without an end is none."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left, self._since = pieces, memoryview(b""), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, b"")
            if not piece:
                return 0
            end = piece.rfind(b"\n")
            self._since = len(piece) - end - 1 if end >= 0 else self._since + len(piece)
            if self._since > _LONGEST_LINE:
                raise ValueError("a line that is too long")
            self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _encoding(opened: Opened, charset: str) -> tuple[str, bool]:
    """The encoding, and whether a byte order mark stands in front. Raises `PolicyError` for one that is not known, and
    for what is marked as UTF-8 and is none."""
    pieces = opened()
    first = b""
    while len(first) < len(codecs.BOM_UTF8) and (piece := next(pieces, b"")):
        first += piece
    marked = first.startswith(codecs.BOM_UTF8)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise PolicyError(Reason("transform.encoding", {"encoding": "utf-16"}))
    if charset:
        found = _ENCODINGS.get(charset.lower())
        if found is None or (marked and found != "utf-8"):
            raise PolicyError(Reason("transform.encoding", {"encoding": charset[:60]}))
        return found, marked
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(first)
        for piece in pieces:
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if marked:
            raise PolicyError(Reason("transform.encoding", {"encoding": "utf-8"})) from None
        return "cp1252", False
    return "utf-8", marked


def _delimiter(head: str) -> str:
    """The sign that divides the headings: the most frequent one outside quotes. Raises `PolicyError` without them."""
    bare = re.split(r"[\r\n]", re.sub(r'"[^"]*"', '""', head), maxsplit=1)[0]
    if not bare.strip():
        raise PolicyError(Reason("transform.shape"))
    return max(_DELIMITERS, key=bare.count)


def _decimal(values: Sequence[str], delimiter: str) -> str:
    """A column's decimal sign; "" where its values do not show it, or show both."""
    comma = any(_WITH_COMMA.fullmatch(value) for value in values)
    point = any(_WITH_POINT.fullmatch(value) and not _THOUSANDS.fullmatch(value) for value in values)
    if comma != point:
        return "," if comma else "."
    if comma or delimiter == ";":
        return ""
    return "."

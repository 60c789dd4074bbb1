"""How the pages of a JSON service follow each other: links, numbers, offsets, cursors.

What lives here: the next page's URL, made of a page and nothing else; JSON pointers (RFC 6901). What does not: asking,
and seeing that a page comes again. Link headers are RFC 8288, 3: the first target with the relation `next` counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct

WAYS: Final = ("", "link", "next", "page", "offset", "cursor")
MOST: Final = 100_000
"""Pages of one access."""
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next\b)", re.IGNORECASE)
_DEFAULTS: Final = {"page": "page", "offset": "offset", "cursor": "cursor"}
Place = tuple[str, ...]


class PagingError(Exception):
    """Pages that do not follow each other as they should, or settings that say so; in a plain sentence."""


def pointer(text: str, setting: str) -> Place:
    """The parts of a JSON pointer; a name without a slash is the member of this name. Raises `PagingError`."""
    if not text:
        return ()
    if not text.startswith("/"):
        text = "/" + text
    if re.search(r"~(?![01])", text):
        raise PagingError(f"{setting}: {text[:100]} is no JSON pointer")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def at(document: Any, place: Place) -> Any:
    """What lies at a pointer; None where nothing does."""
    for part in place:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isascii() and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def with_parameters(url: str, given: Mapping[str, str]) -> str:
    """A URL with these parameters, in the place of those of the same names."""
    if not given:
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in given]
    return urlunsplit(parts._replace(query=urlencode([*kept, *given.items()])))


class Course(Struct, frozen=True):
    """Where a reading stands: `url` of the page to be read next ("" at the end), `position` for numbers and offsets."""

    url: str
    base: str
    position: int = 0
    pages: int = 0
    cursor: str = ""


class Paging(Struct, frozen=True, kw_only=True):
    """The way of a service."""

    way: str = ""
    next: Place = ()
    parameter: str = ""
    first: int = 1
    size_parameter: str = ""
    size: int = 500

    @classmethod
    def read(cls, given: Mapping[str, str], size: int) -> Paging:
        """From settings. Raises `PagingError`."""
        way = given.get("paging", "")
        if way not in WAYS:
            raise PagingError(f"paging: is one of {', '.join(WAYS[1:])}, or left out")
        next = pointer(given.get("next", ""), "next")
        if (way in ("next", "cursor")) != bool(next):
            raise PagingError("next: says where a page has its next URL or cursor, with paging=next or paging=cursor")
        if given.get("parameter") and way not in _DEFAULTS:
            raise PagingError("parameter: goes with paging=page, offset or cursor")
        first = given.get("first", "0" if way == "offset" else "1")
        if not (first.isascii() and first.isdigit() and len(first) < 7):
            raise PagingError("first: must be a whole number")
        return cls(
            way=way,
            next=next,
            parameter=given.get("parameter") or _DEFAULTS.get(way, ""),
            first=int(first),
            size_parameter=given.get("size_parameter", ""),
            size=size,
        )

    def sized(self, url: str, most: int) -> str:
        """A URL for the first page, with no more rows than `most` where the service can be told."""
        return with_parameters(url, {self.size_parameter: str(min(self.size, most))} if self.size_parameter else {})

    def begin(self, url: str) -> Course:
        """The first page."""
        base = self.sized(url, self.size)
        return Course(self._numbered(base, self.first), base, self.first)

    def _numbered(self, base: str, position: int) -> str:
        return with_parameters(base, {self.parameter: str(position)}) if self.way in ("page", "offset") else base

    def after(
        self,
        course: Course,
        document: Any,
        headers: Mapping[str, str],
        rows: int,
        here: Callable[[str, str], str],
    ) -> Course:
        """The page behind this one. `rows` are those of this one, `here` makes a link one of the service's own. A page
        without rows is the last of those that are counted; a service may give fewer than it was asked for. Raises
        `PagingError`."""
        position = course.position + (rows if self.way == "offset" else 1)
        cursor = self._cursor(document) if self.way == "cursor" else ""
        match self.way:
            case "page" | "offset":
                url = self._numbered(course.base, position) if rows else ""
            case "link":
                url = self._link(headers, course.url, here)
            case "next":
                url = self._next(document, course.url, here)
            case "cursor":
                url = with_parameters(course.base, {self.parameter: cursor}) if cursor else ""
            case _:
                url = ""
        if url and course.pages >= MOST:
            raise PagingError(f"it has more than {MOST} pages")
        return Course(url, course.base, position, course.pages + 1, cursor)

    def _cursor(self, document: Any) -> str:
        found = at(document, self.next)
        if found is None or found is False or found == "":
            return ""
        if isinstance(found, bool | float) or not isinstance(found, str | int):
            raise PagingError("its cursor is no text")
        return str(found)

    def _next(self, document: Any, url: str, here: Callable[[str, str], str]) -> str:
        found = at(document, self.next)
        if not found:
            return ""
        if not isinstance(found, str):
            raise PagingError("its next URL is no text")
        return here(found, url)

    def _link(self, headers: Mapping[str, str], url: str, here: Callable[[str, str], str]) -> str:
        for target, parameters in _LINK.findall(headers.get("link", "")):
            if _NEXT.search(parameters):
                return here(target, url)
        return ""

"""Texts with marks of HTML -> plain texts that say the same.

What lives here: taking tags and entities away, and keeping paragraphs and lists readable. What does not: finding out
whether a text is safe to show; whoever shows it escapes it. Source: HTML, 13.1.2 (elements), 13.1.4 (references).
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

_TAG = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|span|div|ul|ol|li|a|h[1-6]|table|tbody|thead|tr|td|th|font|img|sup|sub|hr|pre|code|"
    r"blockquote|dl|dt|dd|small|script|style)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|apos|[aouAOU]uml|szlig|euro|sect|ndash|mdash|bdquo|ldquo|#\d{1,6});")
_BLOCKS: Final = frozenset(
    ("p", "br", "div", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "blockquote", "dl")
)
_SILENT: Final = frozenset({"script", "style"})


def is_marked(text: str) -> bool:
    """Does a text hold tags or entities of HTML?"""
    return _TAG.search(text) is not None or _ENTITY.search(text) is not None


def plain(text: str) -> str:
    """The text without its marks: a line for each block, a dash before each point of a list, an address behind the
    words that led to it."""
    if _TAG.search(text) is None:
        return unescape(text).replace("\xa0", " ").strip()
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Gathers what is said between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent = 0
        self._leads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "li":
            self.said.append("\n- ")
        elif tag in _BLOCKS:
            self.said.append("\n")
        elif tag == "a":
            self._leads.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.said.append("\n")
        elif tag == "a" and self._leads:
            where = self._leads.pop()
            if where.startswith(("http://", "https://")) and not "".join(self.said[-1:]).strip().endswith(where):
                self.said.append(f" ({where})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)

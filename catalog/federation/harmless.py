"""Text of strangers, rendered harmless: no markup, nothing hidden or turned round, no letters that pose as others.

What lives here: the cleaning of one text and the codes of what was found. What does not: which texts there are
(`reading`), escaping for a page or a terminal, which whoever shows them does all the same. Sources: Unicode Technical
Report 36 (security), Technical Standard 39 (confusable letters), Annex 9 (controls of direction).

Nearly every text is clean: one search says so, and it is returned as it is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

MARKUP: Final = "text.markup"
"""There was markup in it: taken out."""
HIDDEN: Final = "text.hidden"
"""There were controls in it, of direction too, or marks heaped up: taken out."""
LOOKALIKE: Final = "text.lookalike"
"""There were letters in it that pose as others: written as those."""
LONG: Final = "text.long"
"""It was longer than anybody reads: cut."""
ADDRESS: Final = "text.address"
"""An address that a browser would run or read from its own machine: left out."""

_SUSPECT: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u0300-\u036f\u0370-\u058f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u20d0-\u20ff\ufeff\ufff0-\uffff\uff01-\uff5e\ue000-\uf8ff\U0001d400-\U0001d7ff\U000e0000-\U0010ffff\ud800-\udfff]"
    r"|<|&[#A-Za-z]"
)
_CODE: Final = re.compile(r"<(?:(script|style|template|iframe|object|svg|math)\b|!--)", re.I)
_INLINE: Final = re.compile(r"</?(?:a|abbr|b|code|em|font|i|mark|small|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>", re.I)
_TAG: Final = re.compile(r"</?[A-Za-z!?][^<>]*>")
_OPEN: Final = re.compile(r"<(?=[A-Za-z/!?])")
_CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    r"\ufffe\uffff\ue000-\uf8ff\U000e0000-\U0010ffff\ud800-\udfff]"
)
_HEAPED: Final = re.compile(r"([\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]+")
_DRESSED: Final = re.compile(r"[\uff01-\uff5e\U0001d400-\U0001d7ff]+")
_WORD: Final = re.compile(r"\w+")
_FOREIGN: Final = re.compile(r"[\u0370-\u058f]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_RUNS: Final = re.compile(r"[\s\x00-\x20]*(?:javascript|vbscript|data|file|blob|about)\s*:", re.I)
_BEGINS: Final = frozenset("jvdfbaJVDFBA").union(map(chr, range(33)), "\x85\xa0\u1680\u2028\u2029\u3000")
_POSING: Final = str.maketrans(
    "аеорсухіјѕԁһӏԛԝАВЕКМНОРСТУХІЈЅοαερνκιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhlqwABEKMHOPCTYXIJSoaepvkiuABEZHIKMNOPTYX",
)
_ROUNDS: Final = 3
"""How often markup may be wrapped in itself before it is made unreadable instead."""


def clean(text: str, most: int) -> tuple[str, tuple[str, ...]]:
    """The text as it may be shown, of at most `most` characters, and the codes of what was wrong with it."""
    if len(text) <= most and (_plain(text) or _SUSPECT.search(text) is None):
        return text, ()
    return _cleaned(text, most)


def _plain(text: str) -> bool:
    """Is it one line of Western letters without anything that begins markup? Most texts are, as is quickly seen."""
    if not text.isprintable() or "<" in text or "&" in text:
        return False
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def runs(address: str) -> bool:
    """Would a browser that is given this address run it, or look on its own machine?"""
    return address[:1] in _BEGINS and _RUNS.match(address) is not None


def _cleaned(text: str, most: int) -> tuple[str, tuple[str, ...]]:
    bounded = text[: 4 * most]
    shown = _shown(bounded)
    spelt = _DRESSED.sub(lambda one: unicodedata.normalize("NFKC", one[0]), shown)
    plain = _without_markup(spelt)
    # What was hidden behind an entity comes to light only now.
    bare = _shown(plain)
    honest = _honest(bare)
    closed = _OPEN.sub("\u2039", honest)
    cut = closed[:most].rstrip() if len(closed) > most else closed
    wrong = {
        MARKUP: plain != spelt or closed != honest,
        HIDDEN: shown != unicodedata.normalize("NFC", bounded) or bare != unicodedata.normalize("NFC", plain),
        LOOKALIKE: spelt != shown or honest != bare,
        LONG: cut != closed or len(text) > len(bounded),
    }
    return cut, tuple(code for code, is_so in wrong.items() if is_so)


def _shown(text: str) -> str:
    """The text without what nobody sees, and composed."""
    return unicodedata.normalize("NFC", _HEAPED.sub(r"\1", _CONTROLS.sub("", text)))


def _honest(text: str) -> str:
    """The text with letters that pose as Latin ones written as those."""
    text = _WORD.sub(_written, text)
    if not _whole(text):
        return text
    return _WORD.sub(lambda word: word[0].translate(_POSING) if _poses(word[0]) else word[0], text)


def _without_markup(text: str) -> str:
    """The text without tags, however often they are escaped; entities are what they stand for."""
    for _ in range(_ROUNDS):
        before = text
        text = _TAG.sub(" ", _INLINE.sub("", _without_code(text)))
        text = html.unescape(text) if "&" in text else text
        if text == before:
            break
    return text


def _without_code(text: str) -> str:
    """The text without comments and elements whose content is not for readers; one that does not end takes the rest.

    INVARIANT: each character is looked at a bounded number of times, however many elements are begun.
    """
    kept, at, low = list[str](), 0, text.lower()
    for found in _CODE.finditer(text):
        if found.start() < at:
            continue
        kept.append(text[at : found.start()])
        end = low.find(f"</{found[1].lower()}" if found[1] else "--", found.end())
        at = len(text) if end < 0 else low.find(">", end) + 1
        if at <= end:
            at = len(text)
            break
    return " ".join((*kept, text[at:])) if kept else text


def _written(word: re.Match[str]) -> str:
    """A word in which letters of two scripts meet and one poses as the other, in Latin letters."""
    text = word[0]
    if _FOREIGN.search(text) is None or _LATIN.search(text) is None:
        return text
    return text.translate(_POSING)


def _whole(text: str) -> bool:
    """Is the text a Latin one, so that a word of nothing but look-alikes poses?"""
    return len(_LATIN.findall(text)) > len(_FOREIGN.findall(text)) > 0


def _poses(word: str) -> bool:
    return len(word) > 2 and _FOREIGN.search(word) is not None and word.translate(_POSING).isascii()

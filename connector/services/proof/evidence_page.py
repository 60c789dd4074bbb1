"""The one page of a contract's evidence that people hold in their hands: A4, in German or English.

What lives here: drawing it. What does not: what is on it (`evidence`), its wording (`sentences.evidence`). It is a
reading: binding is the agreement in the messages. fpdf2 is imported when a page is drawn, which is seldom.

The fonts are those that every PDF reader has, so that none has to be shipped; a letter that they lack is written
without its accents, or as a question mark, and `terms.*.txt` has it right.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from connector.sentences import Language
from connector.sentences.evidence import KINDS, LABELS, MONTHS
from policies.instants import ZONE

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN, WIDTH, BOTTOM = 18.0, 174.0, 279.0
"""Millimetres: the margins, what is between them, and where the page ends."""
LABEL = 34.0
MOST_LETTERS = 240
"""Of a fact above the terms, so that a long name leaves room for them."""
_FONT = "Helvetica"
_ENCODING = "windows-1252"
_STROKES = {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i"}
"""Letters of our neighbours that do not come apart into a letter and an accent."""


class Party(Struct, frozen=True):
    """One side: its DID, and the fingerprint of its keys in words."""

    did: str
    words: str


class Row(Struct, frozen=True):
    """A message: its kind, who sent it, when it was taken, whether it was signed."""

    kind: str
    sender: str
    at: int
    signed: bool


class Sheet(Struct, frozen=True, kw_only=True):
    """What the page says. `signed` is whether provider and consumer have signed the terms."""

    provider: Party
    consumer: Party
    exporter: str
    agreement: str
    hash: str
    dataset: str
    title: str
    template: str
    concluded: int
    written: int
    terms: Sequence[str]
    letters: Sequence[Row]
    signed: tuple[bool, bool]


def heads(sheet: Sheet, language: Language) -> list[tuple[str, str]]:
    """The facts above the terms, as name and value."""

    def party(one: Party) -> str:
        return f"{one.did} ({_said('words', language)}: {one.words})" if one.words else one.did

    found = [
        ("provider", party(sheet.provider)),
        ("consumer", party(sheet.consumer)),
        ("dataset", f"{sheet.title} ({sheet.dataset})" if sheet.title else sheet.dataset),
        ("concluded", written(sheet.concluded, language)),
        ("agreement", sheet.agreement),
        ("hash", sheet.hash),
        ("template", sheet.template),
        ("signatures", verdict(sheet, language)),
    ]
    return [(_said(name, language), value) for name, value in found if value]


def verdict(sheet: Sheet, language: Language) -> str:
    """Who has signed the terms, in words."""
    match sheet.signed:
        case (True, True):
            return _said("both", language)
        case (True, False):
            return _said("unsigned", language).format(sheet.consumer.did)
        case (False, True):
            return _said("unsigned", language).format(sheet.provider.did)
        case _:
            return _said("neither", language)


def written(at: int, language: Language) -> str:
    """An instant as people write it, in the time of Berlin."""
    local = datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(ZoneInfo(ZONE))
    zone = _said("summer" if local.dst() else "winter", language)
    if language == "de":
        return f"{local:%d.%m.%Y, %H:%M:%S} Uhr {zone}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M:%S} {zone}"


def drawn(sheet: Sheet, language: Language) -> bytes:
    """The page as PDF."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = _ENCODING
    pdf.set_auto_page_break(False)
    pdf.set_margins(MARGIN, MARGIN)
    pdf.set_creation_date(datetime.fromtimestamp(sheet.written // 1_000_000, UTC))
    pdf.set_title(_plain(f"{_said('heading', language)} {sheet.agreement}"))
    pdf.set_lang(language)
    pdf.add_page()
    pdf.set_font(_FONT, "B", 16)
    pdf.cell(WIDTH, 9, _plain(_said("heading", language)), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)
    for name, value in heads(sheet, language):
        _fact(pdf, name, value)
    foot = _foot_height(sheet)
    _terms(pdf, sheet, language, BOTTOM - foot)
    pdf.set_y(BOTTOM - foot)
    _letters(pdf, sheet, language)
    return bytes(pdf.output())


def _fact(pdf: FPDF, name: str, value: str) -> None:
    pdf.set_font(_FONT, "B", 9)
    pdf.cell(LABEL, 4.6, _plain(name))
    pdf.set_font(_FONT, "", 9)
    pdf.multi_cell(WIDTH - LABEL, 4.6, _plain(value)[:MOST_LETTERS], align="L", new_x="LMARGIN", new_y="NEXT")


def _heading(pdf: FPDF, text: str) -> None:
    pdf.ln(3)
    pdf.set_font(_FONT, "B", 11)
    pdf.cell(WIDTH, 6, _plain(text), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FONT, "", 9)


def _terms(pdf: FPDF, sheet: Sheet, language: Language, bottom: float) -> None:
    """The terms as far as there is room, and where the rest is."""
    _heading(pdf, _said("terms", language))
    line, last = 4.4, bottom - 8
    for number, text in enumerate(sheet.terms):
        indent = 4.0 * ((len(text) - len(text.lstrip())) // 2)
        shown = _plain(text.strip())
        rows = pdf.multi_cell(WIDTH - indent, line, shown, align="L", dry_run=True, output="LINES")
        assert isinstance(rows, list)
        more = number + 1 < len(sheet.terms)
        if pdf.get_y() + line * (len(rows) + (1 if more else 0)) > last:
            pdf.set_font(_FONT, "I", 9)
            pdf.cell(WIDTH, line, _plain(_said("continued", language).format(f"terms.{language}.txt")))
            return
        pdf.set_x(MARGIN + indent)
        pdf.multi_cell(WIDTH - indent, line, shown, align="L", new_x="LMARGIN", new_y="NEXT")


MOST_ROWS = 12
"""Messages that the page shows; of more, the last ones."""


def _foot_height(sheet: Sheet) -> float:
    return 26.0 + 4.4 * min(len(sheet.letters), MOST_ROWS)


def _letters(pdf: FPDF, sheet: Sheet, language: Language) -> None:
    """The messages, and how the evidence is checked."""
    _heading(pdf, _said("messages", language))
    for one in sheet.letters[-MOST_ROWS:]:
        pdf.set_font(_FONT, "", 8)
        side = "provider" if one.sender == sheet.provider.did else "consumer"
        pdf.cell(62, 4.4, _plain(_called(one.kind, side, language)))
        pdf.cell(28, 4.4, _plain(_said(side, language)))
        pdf.cell(56, 4.4, _plain(written(one.at, language)))
        pdf.set_font(_FONT, "" if one.signed else "B", 8)
        pdf.cell(
            28, 4.4, _plain(_said("signed" if one.signed else "not signed", language)), new_x="LMARGIN", new_y="NEXT"
        )
    pdf.ln(2)
    pdf.set_font(_FONT, "I", 8)
    text = _said("foot", language).format(exporter=sheet.exporter, at=written(sheet.written, language))
    pdf.multi_cell(WIDTH, 4, _plain(text), align="L")


def _called(kind: str, side: str, language: Language) -> str:
    """What people call a message; an event is the consumer's acceptance or the provider's conclusion."""
    both = KINDS.get(kind) or KINDS.get(f"{kind} {side}")
    return kind if both is None else both[0 if language == "de" else 1]


def _said(name: str, language: Language) -> str:
    return LABELS[name][0 if language == "de" else 1]


def _plain(text: str) -> str:
    """Text in the letters that the page's fonts have."""
    return "".join(map(_letter, " ".join(text.split())))


def _letter(letter: str) -> str:
    if _has(letter):
        return letter
    if letter in _STROKES:
        return _STROKES[letter]
    bare = "".join(one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one))
    return bare if bare and all(map(_has, bare)) else "?"


def _has(letter: str) -> bool:
    try:
        letter.encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return letter.isprintable()

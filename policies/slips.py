"""What is most likely wrong with a line that is no TOML, and what mends it: the slips of people who write by hand.

What lives here: telling the slips apart, and a mend for each. What does not: reading TOML (`short`). Source: TOML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from policies.saying import Both

OTHER: Final = "other"

MENDS: Final[Mapping[str, Both]] = {
    "quotes": (
        'Gerade Anführungszeichen verwenden ("…"), keine typografischen.',
        'Use straight quotation marks ("..."), not typographic ones.',
    ),
    "blank": (
        "Ein geschütztes oder unsichtbares Leerzeichen durch ein gewöhnliches ersetzen.",
        "Put an ordinary blank in the place of a protected or invisible one.",
    ),
    "key": (
        "Links vom Gleichheitszeichen stehen die englischen Wörter der Kurzform, ohne Umlaute (title, purpose …).",
        "To the left of the equals sign stand the words of the short form, without umlauts (title, purpose ...).",
    ),
    "twice": (
        "Dieser Schlüssel steht schon weiter oben: eine der Zeilen streichen, oder beide zusammenfassen, etwa "
        "count = { gteq = 1, lteq = 3 }.",
        "This key stands further up already: strike one of the lines, or put both together, such as "
        "count = { gteq = 1, lteq = 3 }.",
    ),
    "day": ("Ein Tag schreibt sich 2027-12-31.", "A day is written 2027-12-31."),
    "calendar": ("Diesen Tag gibt es im Kalender nicht.", "There is no such day in the calendar."),
    "sign": (
        "Eine Bedingung schreibt sich OPERAND.OPERATOR = WERT, etwa count.lteq = 100.",
        "A constraint is written OPERAND.OPERATOR = VALUE, such as count.lteq = 100.",
    ),
    "comma": ("Dezimalzahlen haben einen Punkt, etwa 2.5.", "Decimals have a point, such as 2.5."),
    "open": (
        "Das Anführungszeichen am Ende des Textes fehlt.",
        "The quotation mark at the end of the text is missing.",
    ),
    "bare": (
        'Texte stehen in geraden Anführungszeichen, etwa action = "use".',
        'Texts stand in straight quotation marks, such as action = "use".',
    ),
    "brackets": (
        "Eine Regel beginnt mit ihrem Namen in doppelten eckigen Klammern, allein in der Zeile: [[permission]].",
        "A rule begins with its name in double square brackets, alone on the line: [[permission]].",
    ),
    OTHER: (
        "Jede Zeile heißt NAME = WERT oder [[permission]]; Texte in geraden Anführungszeichen.",
        "Every line is NAME = VALUE or [[permission]]; texts in straight quotation marks.",
    ),
}
"""Slip -> what mends it, in German and English."""

_BLANKS: Final = re.compile("[\u00a0\u00ad\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]")
_QUOTES: Final = re.compile("[„“”‚‘’«»‹›]")
_TEXTS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_SLIPS: Final = (
    ("blank", _BLANKS),
    ("sign", re.compile(r"==|<=|>=|[<>]|^\s*[A-Za-z.]+\s*:(?!=)")),
    ("key", re.compile(r"^[^=]*[^\x00-\x7f][^=]*=")),
    ("day", re.compile(r"=\s*[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}")),
    ("calendar", re.compile(r"=\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\b")),
    ("comma", re.compile(r"=\s*[0-9]+,[0-9]")),
    ("open", re.compile("[\"']")),
    ("brackets", re.compile(r"^\s*\[")),
    ("bare", re.compile(r"=\s*[^\W\d]")),
)
"""How a line looks in which something is wrong, what tells more before what tells less; quoted texts are taken out."""
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate")
_LONGEST: Final = 2_000


def slip(line: str, said: str) -> str:
    """The slip in a line of which the parser of TOML has said something; a key of `MENDS`."""
    if said.startswith(_TWICE):
        return "twice"
    rest = _TEXTS.sub('""', line[:_LONGEST]).replace('""', "")
    if _QUOTES.search(rest):
        return "quotes"
    return next((name for name, look in _SLIPS if look.search(rest)), OTHER)

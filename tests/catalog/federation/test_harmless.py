"""Text of strangers, rendered harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.federation.harmless import HIDDEN, LONG, LOOKALIKE, MARKUP, clean, runs

CYRILLIC_A, GREEK_O = "\u0430", "\u03bf"


@pytest.mark.parametrize(
    "text",
    [
        "Ladesäulen in Musterstadt",
        "Wert < 5 kW & mehr als 3 µm, ΔT in kΩ",
        "Данные о погоде",
        "Ἀθήνα, ανοικτά δεδομένα",
        "Zeile\nund\tTab",
        "👩‍🚒 Feuerwehr",
    ],
)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert clean(text, 300) == (text, ())


@pytest.mark.parametrize(
    ("text", "shown", "code"),
    [
        ("<b>Lade</b>säulen", "Ladesäulen", MARKUP),
        ("<p>eins</p><p>zwei</p>", " eins  zwei ", MARKUP),
        ("vor<script>alert('</p>')</script>nach", "vor nach", MARKUP),
        ("vor<SCRIPT src=//x>alert(1)", "vor ", MARKUP),
        ("vor<!-- versteckt -->nach", "vor nach", MARKUP),
        ("&lt;img src=x onerror=alert(1)&gt;x", " x", MARKUP),
        ("&amp;lt;script&amp;gt;x", " ", MARKUP),
        ("<img src=x onerror=alert(1) ", "\u2039img src=x onerror=alert(1) ", MARKUP),
        ("B\u00fcrger&auml;mter", "B\u00fcrger\u00e4mter", MARKUP),
        ("Rechnung\u202efdp.exe", "Rechnungfdp.exe", HIDDEN),
        ("Lade\u200bs\u00e4ule\x00\x1b[31m", "Lades\u00e4ule[31m", HIDDEN),
        ("a" + "\u0301" * 60, "\u00e1\u0301", HIDDEN),
        (f"L{CYRILLIC_A}des\u00e4ule", "Lades\u00e4ule", LOOKALIKE),
        (f"P{GREEK_O}rtal der Stadt", "Portal der Stadt", LOOKALIKE),
        ("\uff26\uff52\uff45\uff49e Daten", "Freie Daten", LOOKALIKE),
        ("Portal der Stadt \u0440\u0430\u0441\u043e", "Portal der Stadt paco", LOOKALIKE),
        ("x" * 400, "x" * 300, LONG),
    ],
)
def test_what_is_not_is_rendered_harmless(text: str, shown: str, code: str) -> None:
    assert clean(text, 300) == (shown, (code,))


@given(st.text(alphabet=st.sampled_from("<>/!-&;#lgtscripax \u202e\u0430"), max_size=200))
def test_no_tag_is_left(text: str) -> None:
    shown, _ = clean(text, 300)
    after = [shown[at + 1 : at + 2] for at, one in enumerate(shown) if one == "<"]
    assert not any((one.isascii() and one.isalpha()) or one in ("/", "!", "?") for one in after)
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    "text", ["<script>" * 50_000, "<!--" * 50_000, "<a " * 50_000, "&lt;" * 50_000, "\u0301" * 90_000]
)
def test_text_that_is_made_to_take_long_is_cut_first(text: str) -> None:
    assert len(clean(text, 10_000)[0]) <= 10_000


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", " JavaScript :x", "data:text/html,x", "\x01file:///etc/passwd"]
)
def test_addresses_that_run(address: str) -> None:
    assert runs(address)
    assert not runs("https://example.org/javascript:x")

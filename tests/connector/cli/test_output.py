"""Tables, lines, sizes, patience."""

from __future__ import annotations

import sys
import threading

import pytest
from msgspec import json

from connector.cli import output, words

MIDNIGHT = 1_830_294_000_000_000
"""2028 begins in Europe/Berlin."""


def test_table_is_aligned_and_one_line_a_row() -> None:
    rows = [{"a": "x\ny", "b": True}, {"a": None, "b": ["p", {"q": 1}]}]
    assert output.table(rows, {"a": "first", "b": "b"}, "none").splitlines() == [
        "first  b",
        "x y    yes",
        "       p, q=1",
    ]
    assert output.table([], {"a": "first"}, "none") == "none"


def test_labels_without_a_value_are_left_out() -> None:
    assert output.labelled([("a", 1), ("b", None), ("long", False), ("c", "")]) == "a     1\nlong  no"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (10**16, "10000.0 TB")],
)
def test_size(count: int, said: str) -> None:
    assert output.size(count) == said


def test_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert output.instant(None) == ""
    assert output.instant("as it is") == "as it is"
    assert output.instant(0) == "1970-01-01 01:00:00+01:00"


@pytest.mark.parametrize(
    ("language", "at", "shown", "ends"),
    [
        ("en", MIDNIGHT, "2028-01-01 00:00:00+01:00", "2027-12-31"),
        ("de", MIDNIGHT, "01.01.2028 00:00:00", "31.12.2027"),
        ("de", MIDNIGHT + 1_000_000, "01.01.2028 00:00:01", "01.01.2028 00:00:01"),
    ],
)
def test_an_end_at_midnight_is_the_last_day(language: words.Language, at: int, shown: str, ends: str) -> None:
    words.speak(language)
    try:
        assert output.instant(at) == shown
        assert output.ending(at) == ends
    finally:
        words.speak("en")
    assert output.ending(None) == ""


@pytest.mark.parametrize(("terminal", "no_color", "bold"), [(True, "", True), (True, "1", False), (False, "", False)])
def test_no_color(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool, no_color: str, bold: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    output.say(output.heading("x"))
    assert ("\x1b" in capsys.readouterr().out) is bold


def test_patience_is_told_about_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    lines: list[str] = []

    def remark(text: str) -> None:
        lines.append(text)
        told.set()

    monkeypatch.setattr(output, "PATIENCE", 0.01)
    monkeypatch.setattr(output, "remark", remark)
    with output.waiting("Waiting for Godot"):
        assert told.wait(10)
    assert lines[0].startswith("Waiting for Godot, ")


def test_bullets_and_paragraphs() -> None:
    assert output.bullets("T", ["a", "  - b"]) == "T\n  - a\n    - b"
    assert output.bullets("T", []) == ""
    assert output.paragraphs("a", "", "b") == "a\n\nb"


HOSTILE = "a\x1b]0;b\x07\rc\nd\u202ee\x9b1mf\ufdd0g"


@pytest.mark.parametrize(
    "text",
    [
        output.table([{"a": HOSTILE}], {"a": "a"}, ""),
        output.labelled([("a", HOSTILE)]),
        output.labelled([("a", [{HOSTILE: HOSTILE}])]),
        output.bullets(HOSTILE, [HOSTILE]),
        output.plain(HOSTILE),
    ],
)
def test_what_came_from_elsewhere_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str], text: str) -> None:
    output.say(text)
    output.remark(text)
    for said in capsys.readouterr():
        assert not set("\x1b\x07\r\u202e\x9b\ufdd0") & set(said)
        assert "\\u001b" in said
        assert "\\u202e" in said
        assert "\nd" not in said, "a line of its own could pass for another row"


def test_json_is_the_same_json_without_anything_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_json(json.encode({"a": HOSTILE}).decode())
    said = capsys.readouterr().out
    assert json.decode(said) == {"a": HOSTILE}
    assert not set("\u202e\x9b\ufdd0") & set(said)

"""Covers policies/lint/lines.py."""

from __future__ import annotations

import pytest

from policies.forms import Form
from policies.lint.lines import _known, lines

JSON = '{\n"a": [\n1,\n{"b": 2},\n3],\n"c":\n{"d~/e": 4}}'
TOML = "a.b = 1\n[[c]]\nd = 1\n[[c]]\nd = 1\n[c.e.f]\n"


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        (JSON, Form.JSONLD, {"": 1, "/a": 2, "/a/0": 3, "/a/1/b": 4, "/a/2": 5, "/a/1/x": 4, "/c/d~0~1e": 7, "/x": 1}),
        (
            TOML,
            Form.TOML,
            {"/a": 1, "/a/b": 1, "/c": 2, "/c/0": 2, "/c/0/d": 3, "/c/1/d": 5, "/c/1/e/f": 6, "/c/1/x": 4},
        ),
        ("", Form.TURTLE, {"line 7": 7, "/a": 1, "somewhere": None}),
    ],
)
def test_a_place_has_its_line_or_that_of_what_is_around_it(text: str, form: Form, expected: dict[str, int]) -> None:
    assert lines(expected, text, form) == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("[" * 60 + "0," * 5_000, Form.JSONLD),
        ("{" + ",".join(f'"k{n}": 0' for n in range(5_000)), Form.DSP),
        ("\n".join(f"k{n}." + ".".join("a" * 60) + " = 1" for n in range(500)), Form.TOML),
    ],
)
def test_nothing_is_kept_but_what_is_asked_for(text: str, form: Form) -> None:
    assert len(_known({("k7", "x")}, text, form)) <= 2


def test_deeper_than_anything_is_read_nothing_is_looked_for() -> None:
    deep = ".".join("a" * 101)
    for text in (f"x = 1\n{deep} = 1\ny = 1", f"x = 1\n[{deep}]\ny = 1"):
        assert lines(["/x", "/y"], text, Form.TOML) == {"/x": 1, "/y": 1}
    assert lines(["/0"], "[\n" * 101 + "1", Form.JSONLD) == {"/0": 2}

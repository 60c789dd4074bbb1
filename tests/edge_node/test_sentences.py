"""Every code that a device raises has a German and an English sentence."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from string import Formatter

import pytest

import edge_node
from edge_node import errors
from edge_node.sentences import SUBJECTS, TEMPLATES, sentence

ROOT = Path(edge_node.__file__).parent
TREE = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.EdgeError)}
OWN = {"Spoiled", "Refusal", "Reason"}
"""Values that carry a code which people see; where it stands among the arguments."""


def raised() -> dict[str, str]:
    """Every literal code in a call of an error of the tree or of a value that carries one, and where it stands."""
    found: dict[str, str] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TREE | OWN:
                found |= {code: f"{path.relative_to(ROOT)}:{node.lineno}" for code in _codes(node)}
    return found


def _codes(call: ast.Call) -> list[str]:
    """Constants with a dot among the first two arguments, including both ends of a choice."""
    given = [*call.args[:2], *(one.value for one in call.keywords if one.arg == "code")]
    options = [part for one in given for part in ([one.body, one.orelse] if isinstance(one, ast.IfExp) else [one])]
    return [
        one.value
        for one in options
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and "." in one.value and " " not in one.value
    ]


def test_codes_are_found() -> None:
    assert "settings.missing" in raised()


@pytest.mark.parametrize(("code", "place"), sorted(raised().items()))
def test_every_code_is_told(code: str, place: str) -> None:
    from policies.sentences import REASONS

    assert code in TEMPLATES or code in REASONS, place


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_both_languages_say_the_same(code: str) -> None:
    german, english = ({name for _, name, *_ in Formatter().parse(text) if name} for text in TEMPLATES[code])
    assert german == english


def test_no_code_is_told_twice() -> None:
    codes = [code for subject in SUBJECTS for code in subject.TEMPLATES]
    assert len(codes) == len(set(codes))


def test_a_sentence_names_the_place() -> None:
    assert "sources.roof.series" in sentence("settings.series", {"place": "sources.roof.series", "series": "x"}, "de")

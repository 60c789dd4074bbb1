"""Covers policies/sentences.py: every code that is given has a sentence in both languages, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import policies
from policies import compare
from policies.explain import _KINDS
from policies.operands import OPERANDS, Assurance
from policies.sentences import ASSURANCES, LEGEND, REASONS, TERMS

POLICIES = Path(policies.__file__).parent
SOURCES = (*sorted(POLICIES.rglob("*.py")), POLICIES.parent / "catalog" / "rdf" / "turtle.py")
GIVING = re.compile(r".*reason|.*refused?|_local", re.IGNORECASE)
"""Names of functions that take a code."""
CODE = re.compile(r"[a-z]+(?:[._][a-z]+)+|prohibited")
NAMED = frozenset(f"{name}.{why}" for name in ("purpose", "spatial") for why in ("unclear", "excluded", "outside"))
MADE = frozenset(
    {
        *NAMED,
        *(f"{sort}.{subject}" for sort in ("beyond", "unclear") for subject in (*compare.SUBJECTS.values(), "operand")),
        *("duty.open", "duty.violated", "target.other", "assignee.other", "purpose.unknown", "spatial.unknown"),
    }
)
"""Codes that are put together."""
OUTSIDE = frozenset({"beyond.asking"})
"""Codes of comparisons that the node alone can give: only there terms are held against what is done to data."""


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [
        (path.name, ast.parse(path.read_text()))
        for path in SOURCES
        if path.name != "sentences.py" and path.parent.name != "lint"
    ]


def given() -> Iterator[tuple[str, ast.expr]]:
    """Every argument of a function that takes a code."""
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if GIVING.fullmatch(called):
                    yield from ((name, argument) for argument in node.args)


def texts(nodes: Iterator[ast.AST]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_code_that_is_given_has_a_sentence() -> None:
    codes = {text for text in texts(argument for _, argument in given()) if CODE.fullmatch(text)}
    assert len(codes) > 60
    assert codes - REASONS.keys() == set()
    assert MADE - REASONS.keys() == set()


def test_only_the_known_places_put_codes_together() -> None:
    made = {
        (name, ast.unparse(argument))
        for name, argument in given()
        if isinstance(argument, ast.JoinedStr) and "." in ast.unparse(argument) and "/" not in ast.unparse(argument)
    }
    assert {name for name, text in made if not CODE.search(text.replace("{", "").replace("}", "")) or "." in text} <= {
        "reasons.py",
        "refusals.py",
        "duties.py",
        "compare.py",
        "short.py",
    }


def test_every_sentence_is_of_a_code_that_is_given() -> None:
    known = texts(node for _, tree in trees() for node in ast.walk(tree))
    assert REASONS.keys() - known - MADE == OUTSIDE


def test_both_languages_show_the_same_values() -> None:
    for code, both in REASONS.items():
        german, english = ({(name, spec) for _, name, spec, _ in Formatter().parse(text) if name} for text in both)
        assert german == english, code
        assert {spec for _, spec in german} <= set(_KINDS), code
        assert both[0] != both[1], code
        assert all(text[-1] in ".}" for text in both), code


def test_every_operator_of_every_operand_has_a_phrase() -> None:
    for left, operand in OPERANDS.items():
        assert set(operand.clauses) == set(operand.operators), left


def test_every_mark_has_a_word_and_a_meaning() -> None:
    assert set(ASSURANCES) == set(LEGEND) == set(Assurance)


@pytest.mark.parametrize("kind", ["permission", "prohibition", "obligation", "duty"])
def test_every_rule_has_a_word(kind: str) -> None:
    assert kind in TERMS

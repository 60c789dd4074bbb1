"""Covers policies/sentences.py: every code that the package can give has a sentence in both languages, and no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import policies
from policies import compare
from policies.explain import _KINDS
from policies.model import Connective, RuleKind
from policies.operands import OPERANDS, Assurance
from policies.places import KINDS
from policies.sentences import ASSURANCES, CLAUSES, REASONS, TERMS

SOURCES = sorted(Path(policies.__file__).parent.glob("*.py"))
CODE_AT = {"Reason": 0, "_refuse": 1, "_local": 2}
"""Functions that take a code, and which argument it is."""


def codes() -> Iterator[tuple[str, ast.expr]]:
    """Every expression in the package that stands where a code is due."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CODE_AT:
                yield path.name, node.args[CODE_AT[node.func.id]]


def emitted() -> set[str]:
    """The codes; those that are put together are listed from what they are put together of."""
    found = {code.value for _, code in codes() if isinstance(code, ast.Constant)}
    named = {
        f"{name}.{why}" for name in ("purpose", "spatial") for why in ("unknown", "unclear", "excluded", "outside")
    }
    compared = {
        f"{sort}.{subject}" for sort in ("beyond", "unclear") for subject in (*compare.SUBJECTS.values(), compare.OTHER)
    }
    return found | named | compared


def test_only_the_known_places_put_codes_together() -> None:
    made = sorted(name for name, code in codes() if not isinstance(code, ast.Constant))
    # four reasons of named operands, one difference, and the two functions of `parse` that pass a code on
    assert made == ["compare.py", "operands.py", "operands.py", "operands.py", "operands.py", "parse.py", "parse.py"]


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    assert emitted() == set(REASONS)


@pytest.mark.parametrize("code", sorted(REASONS))
def test_both_languages_show_the_same_values(code: str) -> None:
    german, english = ({(name, spec) for _, name, spec, _ in Formatter().parse(text) if name} for text in REASONS[code])
    assert german == english
    assert {spec for _, spec in german} <= set(_KINDS)
    assert REASONS[code][0] != REASONS[code][1]


def test_every_operator_of_every_operand_has_a_phrase() -> None:
    assert {left: set(phrases) for left, phrases in CLAUSES.items()} == {
        left: set(operand.operators) for left, operand in OPERANDS.items()
    }


def test_every_word_that_is_looked_up_is_there() -> None:
    assert set(ASSURANCES) == set(Assurance)
    assert {*Connective, *RuleKind, *KINDS} <= TERMS.keys()

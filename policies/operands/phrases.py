"""Phrases of clauses: for each operator a German and an English one with one `{}` for the values.

What lives here: the patterns that many operands share. What does not: the operands' own words (`wording`), the marks of
assurance (`explain`). Every phrase of one operand differs from its others in both languages, so that a sentence can be
read back.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.model import Operator
from policies.operands.operand import Both
from policies.operands.wording import WORDING

_NAMED: Mapping[Operator, Both] = {
    Operator.EQ: ("{} genau {{}}", "{} exactly {{}}"),
    Operator.NEQ: ("{} nicht {{}}", "{} not {{}}"),
    Operator.IS_A: ("{} {{}} oder etwas, das dazu gehört", "{} {{}} or something that belongs to it"),
    Operator.IS_PART_OF: ("{} innerhalb von {{}}", "{} within {{}}"),
    Operator.HAS_PART: ("{} etwas, das {{}} umfasst", "{} something that includes {{}}"),
    Operator.IS_ANY_OF: ("{} mindestens eines von {{}}", "{} at least one of {{}}"),
    Operator.IS_NONE_OF: ("{} keines von {{}}", "{} none of {{}}"),
    Operator.IS_ALL_OF: ("{} alles von {{}} zugleich", "{} all of {{}} at once"),
    Operator.LT: ("{} unter {{}}", "{} less than {{}}"),
    Operator.LTEQ: ("{} höchstens {{}}", "{} at most {{}}"),
    Operator.GT: ("{} über {{}}", "{} more than {{}}"),
    Operator.GTEQ: ("{} mindestens {{}}", "{} at least {{}}"),
}


def plain(label: Both, operators: frozenset[Operator], de: str = "{}", en: str = "{}") -> Mapping[Operator, Both]:
    """`Etikett: höchstens 3 Stück`: the label, then the operator; `de` and `en` put a unit around the values."""
    found = {}
    for operator in operators:
        german, english = _NAMED[operator]
        found[operator] = (
            german.format(f"{label[0]}:").replace("{}", de),
            english.format(f"{label[1]}:").replace("{}", en),
        )
    return found


def said(
    iri: str, label: Both, operators: frozenset[Operator], de: str = "{}", en: str = "{}"
) -> Mapping[Operator, Both]:
    """The phrases of an operand: its own where it has some, else `plain`."""
    own = WORDING.get(iri, {})
    return {**plain(label, operators, de, en), **{one: both for one, both in own.items() if one in operators}}

"""Explaining: sentences in German or English for reasons, policies and differences.

What lives here: filling templates in, for a reader. What does not: the wording (`sentences`), deciding. Nothing here
raises on a reason: a code without a template is shown as it is, a value that cannot be read as it stands. Text that
came from a peer is only ever a value, never a template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any, Final

from msgspec import Struct

from policies import clauses as phrases
from policies import controlled, instants, marks, saying
from policies.claims import ACTION, ASSIGNEE, TARGET, Claim
from policies.model import ODRL, Nearest, Operator, Policy, Reason
from policies.operands import OPERANDS, SET_OPERATORS, Assurance, Side, find
from policies.render import read_notation
from policies.saying import Both, Lang
from policies.sentences import ASSURANCES, LEGEND, OPTIONS, REASONS, TERMS

__all__ = ["Clause", "Lang", "clauses", "legend", "nearest", "policy", "sentence", "shown", "speaker"]

_LONGEST: Final = 300
_MISSING: Final = "?"
"""What stands where a reason lacks a parameter."""
_DIGITS: Final = 14
"""A number with more digits than these is an instant in microseconds."""
_SECOND: Final = 1_000_000
_HEAD: Final = frozenset({"kind", "timestamp", "profile", "inherits", "remark", "target", "assigner"})
"""Parts of a policy that say which one it is, not what it means."""


class Clause(Struct, frozen=True):
    """One line of an explanation: its text, how surely it holds (None where it says nothing that could be broken), the
    rule it belongs to (`permission/0`; empty: the policy itself), how deep it stands.

    `item` is True for a constraint, `end` closes the line, `part` names the part of the policy that a line at the top
    is about, `side` says who can check a constraint.
    """

    text: str
    mark: Assurance | None = None
    rule: str = ""
    depth: int = 0
    item: bool = False
    end: str = ""
    part: str = ""
    side: Side | None = None


Speaker = Callable[[Reason, str], str]


def speaker(templates: Mapping[str, Both]) -> Speaker:
    """A function from a reason and a language to a sentence, which knows these templates beside this package's own.

    `templates` maps a code to its German and its English sentence, with fields as in `sentences`. A code of this
    package cannot be given another meaning: raises `ValueError`.
    """
    if twice := REASONS.keys() & templates.keys():
        raise ValueError(f"codes of the policies: {', '.join(sorted(twice))}")
    known = {**REASONS, **templates}

    def speak(reason: Reason, lang: str) -> str:
        if reason.code not in known:
            params = ", ".join(f"{name}: {_short(value)}" for name, value in reason.params.items())
            return f"{reason.code} ({params})" if params else reason.code
        filler = _Filler(lang, reason.params.get("operand", ""))
        return filler.vformat(saying.pick(known[reason.code], lang), (), reason.params)

    return speak


sentence: Final[Speaker] = speaker({})
"""The sentence for a reason that this package gives; `lang` is a language tag, anything but German is English."""


def clauses(policy: Policy, lang: str, proves: frozenset[str] = frozenset()) -> list[Clause]:
    """The policy, clause by clause, each with its mark; `hearing` reads the lines back.

    `proves` holds the operands (and actions of duties) for which the peer has a proof that a third party vouches for;
    nothing else is ever marked as attested.
    """
    return [
        Clause(
            line.text,
            marks.mark(line, policy, proves),
            line.name,
            line.depth,
            line.item,
            line.end,
            line.part if isinstance(line.part, str) else "",
            marks.side(line),
        )
        for line in controlled.lines(policy, lang)
    ]


def shown(clause: Clause, lang: str) -> str:
    """The whole line of a clause: indented, with its mark in brackets."""
    mark = "" if clause.mark is None else f" [{saying.pick(ASSURANCES[clause.mark], lang)}]"
    return f"{controlled.STEP * clause.depth}{'- ' if clause.item else ''}{clause.text}{mark}{clause.end}"


def policy(policy: Policy, lang: str, proves: frozenset[str] = frozenset()) -> list[str]:
    """What the policy means, clause by clause; each says whether it is enforced, attested (by what `proves` holds, as
    `clauses`) or declared."""
    return [shown(clause, lang) for clause in clauses(policy, lang, proves) if clause.part not in _HEAD]


def legend(lang: str) -> list[str]:
    """What the marks mean, a sentence each."""
    return [saying.pick(LEGEND[mark], lang) for mark in Assurance]


def nearest(change: Nearest, lang: str) -> str:
    """The sentence that names what fails (of a prohibition: what makes it apply) and the nearest change that would
    permit."""
    if change.constraint is None:
        fails = ""
    else:
        why = "applies" if change.rule.startswith("prohibition") else "fails"
        fails = _word(why, lang).format(_rule_name(change.rule, lang), phrases.write(change.constraint, lang)) + " "
    if not change.value:
        return fails + _word("would do", lang).format(_operand(change.operand, lang))
    return fails + _word("would", lang).format(_operand(change.operand, lang), _changed(change, lang))


def _operand(left: str, lang: str) -> str:
    if left in _PARTS:
        return _word(_PARTS[left], lang)
    operand = find(left)
    return saying.action(left, lang) if operand is None else saying.pick(operand.label, lang)


def _changed(change: Nearest, lang: str) -> str:
    if change.operand == ACTION:
        return saying.action(change.value, lang)
    return ", ".join(saying.value(change.operand, value, lang) for value in (change.value, *change.more))


# --- values -----------------------------------------------------------------------------------------------------------


def _claim(claim: Claim, lang: str) -> str:
    opposite = _OPPOSITES.get(claim.operator)
    if claim.left == ACTION:
        text = _term(claim.right, lang)
    elif claim.left in OPERANDS and not claim.holds and opposite in OPERANDS[claim.left].operators:
        return phrases.core(claim.left, opposite, (claim.right,), lang)
    elif claim.left in OPERANDS:
        text = phrases.core(claim.left, claim.operator, (claim.right,), lang)
    else:
        text = claim.right
    return text if claim.holds else f"{_word('not', lang)} ({text})"


_OPPOSITES: Final[Mapping[Operator, Operator]] = {
    Operator.EQ: Operator.NEQ,
    Operator.NEQ: Operator.EQ,
    Operator.LT: Operator.GTEQ,
    Operator.LTEQ: Operator.GT,
    Operator.GT: Operator.LTEQ,
    Operator.GTEQ: Operator.LT,
}


def _demand(text: str, lang: str) -> str:
    """A constraint in short (operand, operator, values), as a phrase. Raises `ValueError` where it is none."""
    left, name, values = text.split(" ", 2)
    operator = Operator(name)
    return phrases.core(left, operator, tuple(values.split(" ")) if operator in SET_OPERATORS else (values,), lang)


def _when(text: str, lang: str) -> str:
    """The conditions of a rule, each in short, one a line."""
    if text == _MISSING:
        return ""
    return ": " + "; ".join(_demand(one, lang) for one in text.split("\n"))


def _asks(text: str, lang: str) -> str:
    return "" if text == _MISSING else _word("asks", lang).format(_demand(text, lang))


def _facts(text: str, lang: str, operand: str) -> str:
    """What is known of an operand. Instants stand for what the clock or the calendar says."""
    return ", ".join(_fact(one, lang, operand) for one in text.split(" ")) if text else _word("nothing", lang)


def _fact(text: str, lang: str, operand: str) -> str:
    start, slash, end = text.partition("/")
    if _instant(start) and (not slash or _instant(end)):
        return saying.time(start, lang) + (f" – {saying.time(end, lang)}" if slash else "")
    return saying.value(operand, text, lang)


def _instant(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) > _DIGITS


def _time(text: str, lang: str) -> str:
    """A day or an instant, canonical or as on the wire, on the clock in Europe/Berlin."""
    return saying.time(_canonical(text), lang)


def _second(text: str, lang: str) -> str:
    """The same, without what is smaller than a second: for deadlines that a clock has set."""
    said = _canonical(text)
    return saying.time(str(int(said) // _SECOND * _SECOND) if said.lstrip("-").isdigit() else said, lang)


def _canonical(text: str) -> str:
    return text if text.lstrip("-").isdigit() else instants.read(text)


def _end(text: str, lang: str) -> str:
    """When something ends. At midnight it is the day before, whole: what people say, and what they type."""
    start = instants.span(_canonical(text))[0]
    before = instants.local(start - 1)
    if before.date() == instants.local(start).date():
        return _time(text, lang)
    return saying.time(f"{before:%Y-%m-%d}", lang)


def _listed(text: str, lang: str) -> str:
    """Purposes or places by what people call them, each with its name in the vocabulary or its key."""
    return ", ".join(_called(iri, lang) for iri in text.split(" ")) if text else _word("nothing", lang)


def _called(iri: str, lang: str) -> str:
    said = saying.called(iri, lang)
    return _short(iri) if said == saying.name(iri, lang) else said


def _period(text: str, lang: str) -> str:
    """A period in words; nothing where none is named."""
    return saying.period(text, lang) if text else _word("nothing", lang)


def _clauses(text: str, lang: str) -> str:
    claims = read_notation(text) if text else []
    return ", ".join(_claim(claim, lang) for claim in claims) or _word("nothing", lang)


def _rule_name(text: str, lang: str) -> str:
    kind, number = text.split("/")
    return f"{_word(kind, lang)} {int(number) + 1}"


def _term(text: str, lang: str) -> str:
    iri = text if ":" in text else ODRL + text
    said = saying.action(iri, lang)
    return _short(text) if said == saying.name(iri, lang) else said


def _option(text: str, lang: str) -> str:
    return saying.pick(OPTIONS[text], lang) if text in OPTIONS else _short(text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _word(name: str, lang: str) -> str:
    return saying.pick(TERMS[name], lang)


_PARTS: Final[Mapping[str, str]] = {ACTION: "action", ASSIGNEE: "assignee", TARGET: "target"}


def _alone(said: Callable[[str, str], str]) -> Callable[[str, str, str], str]:
    """The same, whatever operand a reason is about."""
    return lambda text, lang, operand: said(text, lang)


_KINDS: Final[Mapping[str, Callable[[str, str, str], str]]] = {
    "": _alone(lambda text, lang: _short(text)),
    "time": _alone(_time),
    "second": _alone(_second),
    "end": _alone(_end),
    "period": _alone(_period),
    "list": _alone(_listed),
    "clauses": _alone(_clauses),
    "rule": _alone(_rule_name),
    "term": _alone(_term),
    "option": _alone(_option),
    "operand": _alone(_operand),
    "demand": _alone(_demand),
    "asks": _alone(_asks),
    "when": _alone(_when),
    "facts": _facts,
}


class _Filler(Formatter):
    """Fills a template in; a value that cannot be shown as its kind is shown as it stands."""

    def __init__(self, lang: str, operand: str) -> None:
        self._lang, self._operand = lang, operand

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> str:
        return str(kwargs.get(str(key), _MISSING))

    def format_field(self, value: Any, format_spec: str) -> str:
        try:
            return _short(_KINDS[format_spec](value, self._lang, self._operand))
        except (ValueError, KeyError, OverflowError):
            return _short(value)

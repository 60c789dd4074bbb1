"""Explaining: sentences in German or English for reasons, policies and differences.

What lives here: filling templates in, for a reader. What does not: the wording (`sentences`), deciding. Nothing here
raises on a reason: a code without a template is shown as it is, a value that cannot be read as it stands. Text that
came from a peer is only ever a value, never a template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from string import Formatter
from typing import Any, Final

from msgspec import Struct

from policies import instants, notice, places
from policies.claims import ACTION, Claim
from policies.evaluate import numbered
from policies.model import ODRL, Atomic, Constraint, Difference, Nearest, Operator, Policy, Reason, Rule, RuleKind
from policies.operands import DATE_TIME, OPERANDS, PURPOSE, SPATIAL, Assurance
from policies.render import read_notation
from policies.sentences import ASSURANCES, CLAUSES, REASONS, TERMS, Both
from policies.vocabulary import DPV, PURPOSES

_LONGEST: Final = 300


class Lang(StrEnum):
    """The languages of sentences."""

    DE = "de"
    EN = "en"


class Clause(Struct, frozen=True):
    """One line of an explanation: its text, how surely it holds (None where it says nothing that could be broken), the
    rule it belongs to (`permission/0`; empty: the policy itself), how deep it stands."""

    text: str
    mark: Assurance | None = None
    rule: str = ""
    depth: int = 0


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
        return _Filler(lang).vformat(_in(known[reason.code], lang), (), reason.params)

    return speak


sentence: Final[Speaker] = speaker({})
"""The sentence for a reason that this package gives; `lang` is a language tag, anything but German is English."""


def difference(diff: Difference, lang: str) -> str:
    """What separates what was asked from what is offered."""
    return sentence(diff.reason, lang)


def clauses(policy: Policy, lang: str, proves: frozenset[str] = frozenset()) -> list[Clause]:
    """The policy, clause by clause, each with its mark.

    `proves` holds the operands (and actions of duties) for which the peer has a proof that a third party vouches for;
    nothing else is ever marked as attested.
    """
    raise NotImplementedError


def nearest(change: Nearest, lang: str) -> str:
    """The sentence that names what fails and the nearest change that would permit."""
    raise NotImplementedError


def policy(policy: Policy, lang: str) -> list[str]:
    """The policy, clause by clause; each clause says whether it is enforced, attested or declared."""
    enforced = _in(ASSURANCES[Assurance.ENFORCED], lang)
    who = _word("anyone", lang) if policy.assignee is None else _word("for", lang).format(policy.assignee, enforced)
    found = [who]
    for kind in RuleKind:
        for name, rule in numbered(policy, kind):
            found += _rule(name, rule, lang)
    if policy.notice is not None:
        found.append(_word("notice", lang).format(_period(policy.notice, lang), enforced))
    return found


# --- policies ---------------------------------------------------------------------------------------------------------


def _rule(name: str, rule: Rule, lang: str) -> list[str]:
    head = _word("if" if rule.constraints else "always", lang)
    line = head.format(_rule_name(name, lang).capitalize(), _term(rule.action, lang))
    return [line, *(text for constraint in rule.constraints for text in _constraint(constraint, lang, 1))]


def _constraint(constraint: Constraint, lang: str, depth: int) -> list[str]:
    lead = "  " * depth + "- "
    if isinstance(constraint, Atomic):
        mark = _in(ASSURANCES[OPERANDS[constraint.left].assurance], lang)
        return [f"{lead}{_clause(constraint.left, constraint.operator, constraint.right, lang)} [{mark}]"]
    members = [text for member in constraint.members for text in _constraint(member, lang, depth + 1)]
    return [f"{lead}{_word(constraint.connective, lang)}:", *members]


def _clause(left: str, operator: Operator, right: tuple[str, ...], lang: str) -> str:
    shown = ", ".join(_value(left, value, lang) for value in right)
    return _in(CLAUSES[left][operator], lang).format(shown)


def _claim(claim: Claim, lang: str) -> str:
    if claim.left == ACTION:
        text = _term(claim.right, lang)
    elif claim.left in OPERANDS:
        text = _clause(claim.left, claim.operator, (claim.right,), lang)
    else:
        text = claim.right
    return text if claim.holds else f"{_word('not', lang)} ({text})"


# --- values -----------------------------------------------------------------------------------------------------------


def _value(left: str, canonical: str, lang: str) -> str:
    if left == DATE_TIME:
        return _time(canonical, lang)
    return _listed(canonical, lang) if left in (PURPOSE, SPATIAL) else _short(canonical)


def _time(text: str, lang: str) -> str:
    """A day or an instant, canonical or as on the wire, on the clock in Europe/Berlin."""
    canonical = text if text.lstrip("-").isdigit() else instants.read(text)
    whole = not canonical.lstrip("-").isdigit()
    at = instants.local(instants.span(canonical)[0])
    day = f"{at:%d.%m.%Y}" if lang.startswith(Lang.DE) else f"{at.day} {at:%B %Y}"
    return _word("day", lang).format(day) if whole else _word("instant", lang).format(f"{day} {at:%H:%M:%S}")


def _end(text: str, lang: str) -> str:
    """When something ends. At midnight it is the day before, whole: what people say, and what they type."""
    start = instants.span(text if text.lstrip("-").isdigit() else instants.read(text))[0]
    before = instants.local(start - 1)
    if before.date() == instants.local(start).date():
        return _time(text, lang)
    return _time(f"{before:%Y-%m-%d}", lang)


def _listed(text: str, lang: str) -> str:
    """Purposes or places by what people call them, each with its name in the vocabulary or its key."""
    return ", ".join(_called(iri, lang) for iri in text.split(" ")) if text else _word("nothing", lang)


def _called(iri: str, lang: str) -> str:
    name = iri.removeprefix(DPV)
    if iri.startswith(DPV) and name in PURPOSES:
        return f"{PURPOSES[name].de if lang.startswith(Lang.DE) else PURPOSES[name].en} ({name})"
    if iri.startswith(places.GEOCODING):
        kind, digits = places.split(iri)
        return f"{_word(kind, lang)} {digits}"
    return _short(iri)


def _period(text: str, lang: str) -> str:
    """A notice period in words; nothing where none is named."""
    if not text:
        return _word("nothing", lang)
    number, unit = notice.split(text)
    return f"{number} {_word(unit if number == 1 else 2 * unit, lang)}"


def _clauses(text: str, lang: str) -> str:
    claims = read_notation(text) if text else []
    return ", ".join(_claim(claim, lang) for claim in claims) or _word("nothing", lang)


def _rule_name(text: str, lang: str) -> str:
    kind, number = text.split("/")
    return f"{_word(kind, lang)} {int(number) + 1}"


def _term(text: str, lang: str) -> str:
    name = text.removeprefix(ODRL)
    return _word(name, lang) if name in TERMS else _short(text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _word(name: str, lang: str) -> str:
    return _in(TERMS[name], lang)


def _in(both: Both, lang: str) -> str:
    return both[0] if lang.startswith(Lang.DE) else both[1]


_KINDS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "": lambda text, lang: _short(text),
    "time": _time,
    "end": _end,
    "period": _period,
    "list": _listed,
    "clauses": _clauses,
    "rule": _rule_name,
    "term": _term,
}


class _Filler(Formatter):
    """Fills a template in; a value that cannot be shown as its kind is shown as it stands."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> str:
        return str(kwargs.get(str(key), "?"))

    def format_field(self, value: Any, format_spec: str) -> str:
        try:
            return _KINDS[format_spec](value, self._lang)
        except (ValueError, KeyError, OverflowError):
            return _short(value)

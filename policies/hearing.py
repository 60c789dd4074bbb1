"""Reading controlled sentences: lines -> the policy that they state.

What lives here: the tree of the lines and what each line can be. What does not: writing them (`controlled`, which also
has the rules of the form), constraints (`clauses`), values (`saying`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from policies import clauses, controlled, saying
from policies.grammar import CONNECTIVES, FUNCTIONS, KINDS, REMARKS, SCOPES, SLOTS, STRATEGIES, WORDS, Slot
from policies.model import Constraint, Logical, Policy, PolicyError, PolicyKind, Reason, Rule, RuleKind, Scope
from policies.operands import DATE_TIME
from policies.saying import ITEM, Both, pick
from policies.sentences import ASSURANCES

DEPTH: Final = 40
"""How deep lines may be indented."""

_MARK = re.compile(rf" \[(?:{'|'.join(word for both in ASSURANCES.values() for word in both)})\](?=[.:]?$)")


class _Node(Struct):
    text: str
    item: bool
    number: int
    below: list[_Node]


def read(lines: Iterable[str], lang: str) -> Policy:
    """The policy that the lines state; marks in brackets and empty lines are passed over.

    Raises `PolicyError` with the line (`line 3`).
    """
    given = [(n, _MARK.sub("", line.rstrip())) for n, line in enumerate(lines, 1) if line.strip()]
    found = _Reader(lang).policy(_tree(given))
    written = controlled.write(found, lang)
    for (number, line), other in zip(given, written, strict=False):
        if line != other:
            _refuse(number, line)
    if len(given) != len(written):
        _refuse(given[-1][0] if given else 1, given[-1][1] if given else "")
    return found


def _refuse(number: int, line: str) -> NoReturn:
    raise PolicyError(Reason("sentence.unclear", {"line": line.strip()[:200]}), f"line {number}")


def _tree(lines: list[tuple[int, str]]) -> list[_Node]:
    top: list[_Node] = []
    levels = [top]
    for number, line in lines:
        bare = line.lstrip(" ")
        depth, rest = divmod(len(line) - len(bare), len(controlled.STEP))
        if rest or depth >= len(levels) or depth > DEPTH:
            _refuse(number, line)
        item = bare.startswith("- ")
        text = bare.removeprefix("- ").removesuffix(":")
        node = _Node(text if item else text.removesuffix("."), item, number, [])
        levels[depth].append(node)
        levels[depth + 1 :] = [node.below]
    return top


def _all(nodes: Iterable[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        yield from _all(node.below)


class _Reader:
    """Reads the nodes of one language. Each method raises `PolicyError` with the line that it cannot read."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        slots = "|".join(pick(both, lang) for both in SLOTS.values())
        hows = "|".join(re.escape(self._word(key)) for key in ("always", "if", "so"))
        self._rule = re.compile(
            rf"(?P<slot>{slots}) (?P<path>[0-9.]+): (?P<action>.+?)"
            rf"(?: – {self._word('ident')}: (?P<id>{ITEM}))?(?:{hows})?"
        )
        duty, same = pick(SLOTS[Slot.DUTY], lang), self._word("same")
        self._same = re.compile(rf"{duty} [0-9.]+: {same} (?P<label>{duty} [0-9.]+)")
        self._copied: frozenset[str] = frozenset()
        self._duties: dict[str, Rule] = {}
        leads = "|".join(re.escape(pick(both, lang)) for both in SCOPES.values())
        member, far = self._word("member"), re.escape(self._word("as far"))
        self._scope = re.compile(
            rf"(?:(?P<key>{leads})|{self._word('party')} (?P<party>.+?)): (?P<member>{member} )?(?P<iri>{ITEM})"
            rf"(?: – {self._word('source')}: (?P<source>{ITEM}))?(?:{far})?"
        )

    def policy(self, nodes: list[_Node]) -> Policy:
        self._copied = frozenset(same["label"] for node in _all(nodes) if (same := self._same.fullmatch(node.text)))
        found = Policy("", PolicyKind.OFFER, ())
        for node in nodes:
            found = self._part(node, found)
        return found

    def _part(self, node: _Node, found: Policy) -> Policy:
        """The policy with what one line at the top says."""
        if node.item:
            _refuse(node.number, node.text)
        rule = self._rule.fullmatch(node.text)
        if rule is not None:
            kind = RuleKind(self._slot(rule["slot"], node))
            return replace(found, rules=(*found.rules, self._read_rule(node, kind)))
        for key, strategy in ((pick(both, self._lang), one) for one, both in STRATEGIES.items()):
            if node.text == key:
                return replace(found, conflict=strategy)
        if node.text in (self._word("anyone"), self._word("elsewhere")):
            return found
        return self._named(node, found)

    def _named(self, node: _Node, found: Policy) -> Policy:
        lead, _, rest = node.text.partition(": ")
        kinds = {pick(both, self._lang): kind for kind, both in KINDS.items()}
        if lead in kinds:
            return replace(found, kind=kinds[lead], id=self._name(rest, node))
        if lead == self._word("timestamp"):
            at = saying.hear(DATE_TIME, rest, self._lang)
            return replace(found, timestamp=int(at)) if at and at.lstrip("-").isdigit() else _refuse(node.number, rest)
        for key in ("target", "assigner"):
            if lead == pick(SCOPES[key], self._lang):
                return replace(found, **{key: self._name(rest, node)})
        for key in ("profile", "inherits"):
            if lead == self._word(key):
                return replace(found, **{key: (*getattr(found, key), self._name(rest, node))})
        return self._other(node, found)

    def _other(self, node: _Node, found: Policy) -> Policy:
        if (rest := self._after("only", node)) is not None:
            return replace(found, assignee=self._name(rest, node))
        if (rest := self._after("notice", node)) is not None:
            period = saying.unduration(rest, self._lang)
            return replace(found, notice=period) if period else _refuse(node.number, node.text)
        if (remark := self._remark(node)) is not None:
            return replace(found, remarks=(*found.remarks, remark))
        _refuse(node.number, node.text)

    def _remark(self, node: _Node) -> tuple[str, str] | None:
        lead, _, said = node.text.partition(": ")
        for predicate, called in REMARKS.items():
            if lead == pick(called, self._lang) and re.fullmatch(ITEM, said):
                return predicate, self._name(said, node)
        rest = self._after("remark", node)
        both = None if rest is None else re.fullmatch(rf"(?P<predicate>{ITEM}): (?P<text>{ITEM})", rest)
        return None if both is None else (self._name(both["predicate"], node), self._name(both["text"], node))

    def _after(self, key: str, node: _Node) -> str | None:
        lead = self._word(key) + " "
        return node.text.removeprefix(lead) if node.text.startswith(lead) else None

    # --- rules --------------------------------------------------------------------------------------------------------

    def _read_rule(self, node: _Node, kind: RuleKind) -> Rule:
        if (same := self._same.fullmatch(node.text)) is not None:
            return self._duties.get(same["label"]) or _refuse(node.number, node.text)
        head = self._rule.fullmatch(node.text)
        action = saying.unaction(head["action"], self._lang) if head else None
        if head is None or action is None:
            _refuse(node.number, node.text)
        label = f"{head['slot']} {head['path']}"
        # A duty that another line names has a name, and be it one that means nothing.
        unnamed = f"_:d{head['path'].replace('.', '-')}" if label in self._copied else ""
        rule = Rule(kind, action, id=self._name(head["id"], node) if head["id"] else unnamed)
        for one in node.below:
            rule = self._below(one, rule)
        self._duties[label] = rule
        return rule

    def _below(self, node: _Node, rule: Rule) -> Rule:
        """The rule with what one line below it says."""
        if node.item:
            return replace(rule, constraints=(*rule.constraints, self._constraint(node)))
        if (remark := self._remark(node)) is not None:
            return replace(rule, remarks=(*rule.remarks, remark))
        if node.text == self._word("refinement"):
            return replace(rule, refinements=tuple(self._items(node)))
        if (head := self._rule.fullmatch(node.text)) is not None:
            key = {Slot.DUTY: "duties", Slot.REMEDY: "remedies", Slot.CONSEQUENCE: "consequences"}.get(
                self._slot(head["slot"], node)
            )
            if key is not None:
                return replace(rule, **{key: (*getattr(rule, key), self._read_rule(node, RuleKind.DUTY))})
        if (found := self._scope.fullmatch(node.text)) is not None:
            iri = self._name(found["iri"], node)
            source = self._name(found["source"], node) if found["source"] else ""
            scope = Scope(iri, found["member"] is not None, tuple(self._items(node)), source)
            if found["key"]:
                return replace(rule, **{self._key(SCOPES, found["key"]): scope})
            function = self._key(FUNCTIONS, found["party"]) or self._name(found["party"], node)
            return replace(rule, parties=(*rule.parties, (function, scope)))
        _refuse(node.number, node.text)

    def _items(self, node: _Node) -> Iterator[Constraint]:
        for one in node.below:
            if not one.item:
                _refuse(one.number, one.text)
            yield self._constraint(one)

    def _constraint(self, node: _Node) -> Constraint:
        for connective, both in CONNECTIVES.items():
            if node.text == pick(both, self._lang) and node.below:
                return Logical(connective, tuple(self._items(node)))
        try:
            return clauses.read(node.text, self._lang)
        except ValueError:
            _refuse(node.number, node.text)

    # --- words --------------------------------------------------------------------------------------------------------

    def _slot(self, text: str, node: _Node) -> Slot:
        found = self._key(SLOTS, text)
        return Slot(found) if found else _refuse(node.number, node.text)

    def _key(self, table: Mapping[str, Both] | Mapping[Slot, Both], text: str) -> str:
        """What is said like this; empty where nothing is."""
        return next((str(key) for key, both in table.items() if pick(both, self._lang) == text), "")

    def _name(self, said: str, node: _Node) -> str:
        found = saying.unname(said)
        return _refuse(node.number, node.text) if found is None else found

    def _word(self, key: str) -> str:
        return pick(WORDS[key], self._lang)

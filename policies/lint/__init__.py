"""Lint: named rules that a policy file is looked through by, each with a severity, a place and a mend.

What lives here: running all rules over one file. What does not: the rules (the other modules of this package), their
texts (`texts`, `advice`), reading (`forms`). A file is valid unless a rule finds an error; what is valid and still
refused by `evaluate` (a profile that is unknown, a text where a name belongs) is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from policies import forms, meaning
from policies.explain import sentence
from policies.forms import Form
from policies.lint import conditions, law, sense, validity, wire
from policies.lint.advice import LAW_RULES, SENSE_RULES, WIRE_RULES
from policies.lint.document import Document
from policies.lint.finding import Finding, Findings, Hit, Rule, Severity, filled
from policies.lint.lines import lines
from policies.lint.texts import ODRL_RULES
from policies.model import Policy, PolicyError, PolicyKind
from policies.nodes import GraphReader

__all__ = ["RULES", "Finding", "Findings", "Severity", "lint"]

RULES: Final[Mapping[str, Rule]] = {**ODRL_RULES, **WIRE_RULES, **SENSE_RULES, **LAW_RULES}
"""Every rule by name."""

_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}
_NAMELESS: Final = frozenset({"offer.assigner", "rule.target", "policy.uid", "profile.missing", "sense.unlimited"})
"""What an offer on the wire leaves to the catalogue or the connector that it stands in."""
_SAID: Final = frozenset({"value.unreadable", "operator.unfit", "place.unknown"})
"""What a refusal of the same place says as well."""
_UNHELPED: Final = ("Die Stelle berichtigen oder weglassen.", "Mend what stands here, or leave it out.")
_BOUND: Final = frozenset({"offer.assigner", "agreement.assigner", "agreement.assignee", "rule.target"})
"""What the short form leaves to whoever publishes it."""


def lint(
    data: bytes, form: Form, found: Sequence[Policy] | PolicyError, *, graph: GraphReader | None = None
) -> Findings:
    """Look through a file. `found` is what the lenient reader made of it: its policies, or why there are none; `graph`
    reads Turtle. Never raises for what stands in the file."""
    text = data.decode("utf-8-sig", errors="replace")
    hits = dict.fromkeys(_key(hit) for hit in _hits(data, text, form, found, graph))
    on = lines({where for _, where, _ in hits}, text, form)
    findings = [_finding(Hit(rule, where, dict(params)), on[where]) for rule, where, params in hits]
    findings.sort(key=lambda one: (_ORDER[one.severity], one.line or 0, one.rule))
    return Findings(all(one.severity is not Severity.ERROR for one in findings), tuple(findings))


def _key(hit: Hit) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return hit.rule, hit.where, tuple(sorted(hit.params.items()))


def _finding(hit: Hit, line: int | None) -> Finding:
    rule = RULES[hit.rule]
    what, mend = filled(rule.what, hit.params), filled(rule.mend, hit.params)
    return Finding(hit.rule, rule.severity, hit.where, line, what, mend)


def _hits(
    data: bytes, text: str, form: Form, found: Sequence[Policy] | PolicyError, graph: GraphReader | None
) -> Iterator[Hit]:
    try:
        nodes = forms.nodes(data, form, graph=graph)
    except PolicyError as error:
        twice = error.reason.code == "form.duplicate"
        yield Hit("form.duplicate", error.where, error.reason.params) if twice else _refused("form.unreadable", error)
        return
    document = Document(nodes)
    waived = {Form.DSP: _NAMELESS, Form.TOML: _BOUND}.get(form, frozenset[str]())
    policies = () if isinstance(found, PolicyError) else found
    hits = [hit for hit in _rules(document, data, form, policies) if hit.rule not in waived]
    refusal = None
    if form is Form.TOML:
        hits += _carried(policies)
    if isinstance(found, PolicyError) and all(RULES[hit.rule].severity is not Severity.ERROR for hit in hits):
        refusal = _refused("reading.refuses" if form in _FULL else "reading.refused", found)
    for hit in hits:
        if refusal is None or form in _FULL or hit.where != refusal.where or hit.rule not in _SAID:
            yield hit
    if refusal is not None:
        yield refusal


_FULL: Final = (Form.TURTLE, Form.JSONLD)
"""Forms in which a policy may be valid and yet say what is not understood here."""


def _rules(document: Document, data: bytes, form: Form, policies: Sequence[Policy]) -> Iterator[Hit]:
    if form is Form.DSP:
        yield from wire.check(forms.decoded(data))
    yield from validity.check(document)
    yield from conditions.check(document)
    yield from sense.check(document, policies)
    yield from law.check(document)


def _carried(policies: Sequence[Policy]) -> Iterator[Hit]:
    """Offers in the short form are made to be published; can they be?"""
    for policy in policies:
        if policy.kind is PolicyKind.OFFER:
            try:
                forms.write(replace(policy, remarks=()), Form.DSP)
            except PolicyError as error:
                if error.reason.code == "form.carry":
                    yield Hit("wire.carry", error.where, error.reason.params)


def _refused(rule: str, error: PolicyError) -> Hit:
    said = {"why": sentence(error.reason, "de"), "reason": sentence(error.reason, "en")}
    de, en = meaning.mend(error.reason) or _UNHELPED
    return Hit(rule, error.where, {**said, "hilft": de, "help": en})

"""`allmende policy evaluate`: one request judged by a file, with every rule's part in the decision.

What lives here: reading the file and the request, the answer for a person. What does not: judging (`policies.report`),
the request's form (`policies.requests`). Several policies of one file are judged together: one of them has to permit,
and none of them may forbid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.output import bullets, labelled, paragraphs, table
from connector.cli.policy import files
from connector.cli.words import either, word

if TYPE_CHECKING:
    from policies.model import Policy, PolicyError, Rule
    from policies.report import Report
    from policies.requests import Request

SEMANTICS = click.option(
    "--semantics",
    type=click.Choice(["strict", "deferred"]),
    default="strict",
    show_default=True,
    help="Whether a duty that is still open keeps a permission from being active (strict), or only a violated one "
    "does (deferred); where the duty itself does not say when it is due.",
)
NOW = click.option("--now", metavar="INSTANT", help="When the request is made; default: now.")
COLUMNS = {
    "kind": "kind",
    "id": "rule",
    "matches": "fits the request",
    "active": "active",
    "state": "state",
    "failed": "not satisfied",
}


@click.command(
    "evaluate",
    cls=Leaf,
    node=False,
    examples=[
        "allmende policy evaluate policy.json --request request.json",
        "allmende policy evaluate policy.ttl --request request.json --semantics deferred --json",
    ],
)
@click.argument("file", type=files.FILE)
@click.option("--request", type=files.FILE, required=True, help="The request as JSON; see: allmende help policies.")
@files.with_files
@SEMANTICS
@NOW
@click.option(
    "--report", is_flag=True, help="Answer with the report as JSON-LD, in the vocabulary that evaluators of ODRL share."
)
@click.pass_obj
def evaluate(
    call: Call,
    file: Path,
    request: Path,
    form: str | None,
    lenient: bool,
    semantics: str,
    now: str | None,
    report: bool,
) -> None:
    """Judge one request by the policies of FILE: the decision, the reasons, every rule's part in it.

    Exit status 0 whatever the decision; 1 where there is no such file or the request cannot be read. A policy that is
    not understood permits nothing. An instant in the request counts before --now.
    """
    given = files.look(file, form, lenient=lenient)
    asked = requested(request, files.instant(now))
    found = _explained(given.found)
    policies = found if isinstance(found, tuple) else ()
    asked = with_members(asked, files.members([file], form)) if policies else asked
    if report:
        from msgspec import json

        whole = _graph(files.single(given._replace(found=found)), asked, semantics)
        call.answer(whole, lambda: json.format(json.encode(whole), indent=2).decode())
        return
    told = together(judged(policies, asked, semantics)) if policies else _not_understood(found)
    told["nearest"] = changes(policies, asked, semantics, call.lang) if told["decision"] == "deny" else []
    call.answer(told, lambda: text(told, policies, call.lang))


def _graph(policy: Policy, asked: Request, semantics: str) -> dict[str, Any]:
    """The report on one policy as a graph."""
    from policies import compliance

    (report,) = judged((policy,), asked, semantics)
    return compliance.graph(policy, report, asked.now)


def requested(file: Path, clock: int) -> Request:
    """The request that a file states. Raises `CommandError`."""
    from policies import requests
    from policies.model import PolicyError

    try:
        return requests.read(files.content(file), clock)
    except PolicyError as error:
        raise files.refused(error, str(file)) from error


def with_members(asked: Request, members: Mapping[str, Sequence[str]]) -> Request:
    """The request, knowing also what a document says of who and what belongs to which collection."""
    if not members:
        return asked
    known = {**members, **asked.access.members}
    both = {name: tuple(dict.fromkeys((*known[name], *members.get(name, ())))) for name in known}
    from msgspec.structs import replace

    return replace(asked, access=replace(asked.access, members=both))


def judged(policies: Sequence[Policy], asked: Request, semantics: str) -> list[Report]:
    """The reports of all policies on one request."""
    from policies.model import Semantics
    from policies.report import report

    how = Semantics(semantics)
    return [report(one, asked.access, asked.now, semantics=how, count=asked.count) for one in policies]


def together(reports: Sequence[Report]) -> dict[str, Any]:
    """Several reports as one answer: permitted where one policy permits and none forbids. A rule stands once, also
    where a policy has inherited it from another of the same file."""
    from policies.report import document

    permit = any(one.permit for one in reports) and not any(_forbids(one) for one in reports)
    told = [document(one) for one in reports]
    decisive = [part for part, one in zip(told, reports, strict=True) if one.permit is permit]
    rules: dict[str, Any] = {}
    for part in told:
        for rule in part["rules"]:
            rules.setdefault(rule["id"], rule)
    return {
        "decision": "permit" if permit else "deny",
        "rule": decisive[0]["rule"],
        "reasons": [reason for part in decisive for reason in part["reasons"]],
        "unknown": sorted({fact for part in decisive for fact in part["unknown"]}),
        "rules": list(rules.values()),
    }


def changes(policies: Sequence[Policy], asked: Request, semantics: str, lang: str) -> list[dict[str, Any]]:
    """The fewest changes of a refused request with which it would be permitted. Of several policies none is changed
    for alone: there is no answer then."""
    from policies import explain
    from policies.model import Semantics
    from policies.nearest import nearest

    if len(policies) != 1:
        return []
    found = nearest(policies[0], asked.access, asked.now, count=asked.count, semantics=Semantics(semantics))
    return [
        {
            "operand": one.operand,
            "value": [one.value, *one.more] if one.more else one.value,
            "rule": one.rule,
            "text": explain.nearest(one, lang),
        }
        for one in found
    ]


def text(told: dict[str, Any], policies: Sequence[Policy], lang: str) -> str:
    """The answer for a person."""
    named = _named(policies, lang)
    permitted = told["decision"] == "permit"
    decision = either("permitted", "erlaubt") if permitted else either("refused", "abgelehnt")
    none = either("No change of the request that would was found.", "Keine Änderung der Anfrage wurde gefunden.")
    return paragraphs(
        labelled([("decision", decision)]),
        bullets(either("Because", "Weil"), [] if permitted else files.told(told["reasons"])),
        bullets(
            either("What would permit it, all together", "Was es erlauben würde, alles zusammen"),
            [] if permitted else [one["text"] for one in told["nearest"]] or [none],
        ),
        table([_row(rule, named) for rule in told["rules"]], COLUMNS, "No rules."),
    )


def _explained(found: tuple[Policy, ...] | PolicyError) -> tuple[Policy, ...] | PolicyError:
    """The policies, unless one names a profile that is not known: whoever does not know it must stop (ODRL 2.2, 4),
    also where terms need no profile."""
    from policies.model import PolicyError, Reason
    from policies.vocabulary import PROFILES

    if isinstance(found, PolicyError):
        return found
    foreign = next((profile for policy in found for profile in policy.profile if profile not in PROFILES), None)
    return found if foreign is None else PolicyError(Reason("profile.unknown", {"profile": foreign}))


def _not_understood(found: tuple[Policy, ...] | PolicyError) -> dict[str, Any]:
    """The refusal of everything, where a file has no policy that is understood: why, and the place."""
    from policies.model import PolicyError, Reason

    nothing = PolicyError(Reason("policy.missing"))
    error = found if isinstance(found, PolicyError) else nothing
    params = {**error.reason.params, "place": error.where or "/"}
    return {
        "decision": "deny",
        "rule": None,
        "reasons": [{"code": error.reason.code, "params": params}],
        "unknown": [],
        "rules": [],
    }


def _forbids(one: Report) -> bool:
    """Is a policy's refusal more than the lack of a permission? A prohibition that applies forbids."""
    from policies.model import RuleKind

    forbidden = any(rule.kind is RuleKind.PROHIBITION and rule.matches and rule.active for rule in one.rules)
    return not one.permit and (forbidden or any(reason.code.startswith("prohibited") for reason in one.reasons))


def _named(policies: Sequence[Policy], lang: str) -> dict[str, str]:
    """What stands for the labels of rules and constraints: their numbers, as in `explain`, and their words. A group of
    constraints is told of by its members."""
    from policies.labels import labelled

    named: dict[str, str] = {}
    for policy in map(labelled, policies):
        counted: dict[str, dict[str, None]] = {}
        for rule in policy.rules:
            same = counted.setdefault(rule.kind, {})
            same.setdefault(rule.id)
            _name(rule, str(list(same).index(rule.id) + 1), named, lang)
    return named


def _name(rule: Rule, number: str, named: dict[str, str], lang: str) -> None:
    from policies import clauses
    from policies.model import atoms

    if rule.id.startswith("_:"):
        named.setdefault(rule.id, number)
    for atom in atoms((*rule.refinements, *rule.constraints)):
        named.setdefault(atom.id, clauses.write(atom, lang))
    for place, below in enumerate(rule.below, 1):
        _name(below, f"{number}.{place}", named, lang)


def _row(rule: dict[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    failed = [
        f"{named[one['id']]}{either(' (unknown)', ' (unbekannt)') if one['satisfied'] is None else ''}"
        for one in rule["constraints"]
        if one["satisfied"] is not True and one["id"] in named and not rule["active"]
    ]
    said = {"id": named.get(rule["id"], rule["id"]), "failed": "; ".join(failed)}
    said |= {} if rule["matches"] else {"active": ""}
    return {**rule, **said, "kind": word(rule["kind"]), "state": word(rule.get("state") or "")}

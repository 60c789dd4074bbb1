"""`allmende policy diff`, `conflicts` and `prove`: what holds between policies, for every request there can be.

What lives here: which policies are meant (files, else what the node has offered and agreed), the answer for a person.
What does not: comparing (`policies.difference`, `policies.conflicts`, `policies.prove`). Comparing is not deciding, so
files are read leniently: a term of a vocabulary that no profile names is compared by what its value is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, labelled, paragraphs, tail
from connector.cli.policy import files, requesting
from connector.cli.policy.judging import SEMANTICS, judged, with_members
from connector.cli.words import either, word

if TYPE_CHECKING:
    from policies.conflicts import Conflicts, Members, Side
    from policies.difference import Contrast
    from policies.model import Policy, PolicyKind, Semantics
    from policies.prove import Opinion
    from policies.requests import Request

_FORM = click.option(
    "--format",
    "form",
    type=click.Choice(list(files.FORMS)),
    help="How the files are written; default: as their names and beginnings say.",
)
_LENIENT = click.option("--lenient", is_flag=True, help="As with the other commands; comparing always is.")
_FILES = click.argument("given", nargs=-1, type=files.FILE, metavar="[FILES]...")


@click.command(
    "diff",
    cls=Leaf,
    node=False,
    examples=["allmende policy diff old.toml new.toml", "allmende policy diff both.ttl --json"],
)
@_FILES
@_FORM
@_LENIENT
@SEMANTICS
@click.pass_obj
def diff(call: Call, given: tuple[Path, ...], form: str | None, lenient: bool, semantics: str) -> None:
    """Say what the first policy permits that the second refuses, and the reverse, each with a concrete request.

    FILES are two files with a policy each, or one with two. Exit status 0 whatever the relation.
    """
    found = _every(given, form, {"relation": "unknown", "a_only": [], "b_only": []})
    if len(found) != 2:
        raise CommandError(
            either(
                f"This compares exactly two policies; given are {len(found)}.",
                f"Verglichen werden genau zwei Regeln; gegeben sind {len(found)}.",
            ),
            "policy.two",
            {"count": str(len(found))},
        )
    from policies import difference
    from policies.model import Semantics

    contrast = difference.difference(found[0], found[1], semantics=Semantics(semantics))
    told = difference.document(_confirmed(contrast, found, files.members(given, form), semantics))
    call.answer(told, lambda: _contrast(told, call.lang))


def _confirmed(contrast: Contrast, found: Sequence[Policy], members: Members, semantics: str) -> Contrast:
    """The contrast, if its requests show it also where the files themselves say what belongs to which collection; else
    nothing is known."""
    from policies.difference import Contrast, Relation
    from policies.model import Reason

    def shows(asked: Request, permits: int) -> bool:
        reports = judged(found, with_members(asked, members), semantics)
        return reports[permits].permit and not reports[1 - permits].permit

    shown = [shows(one, n) for n, only in enumerate((contrast.a_only, contrast.b_only)) for one in only]
    if not members or all(shown):
        return contrast
    return Contrast(Relation.UNKNOWN, unknown=(Reason("compare.not_shown"),))


@click.command(
    "conflicts",
    cls=Leaf,
    examples=["allmende policy conflicts", "allmende policy conflicts internal.toml public.toml --json"],
)
@_FILES
@_FORM
@_LENIENT
@click.pass_obj
def conflicts(call: Call, given: tuple[Path, ...], form: str | None, lenient: bool) -> None:
    """Find what cannot hold together: within a policy, and between any two of FILES.

    Without FILES: the offers that this node has published and its contracts in force. Exit status 0 whatever the
    verdict.
    """
    from policies import conflicts as conflicting

    nothing = {"verdict": "unknown", "pairs": []}
    called: dict[str, str] = {}
    found = _every(given, form, nothing) if given else tuple(_of_the_node(call, called).values())
    told = _told(conflicting.conflicts(found, files.members(given, form)))
    call.answer(told, lambda: _conflicts(told, called))


@click.command(
    "prove",
    cls=Leaf,
    examples=[
        'allmende policy prove "no contract gives personal data for a commercial purpose"',
        'allmende policy prove "kein Vertrag gibt personenbezogene Daten für einen kommerziellen Zweck" offer.toml',
    ],
)
@click.argument("statement")
@_FILES
@_FORM
@_LENIENT
@SEMANTICS
@click.option("--solver", is_flag=True, help="Have a solver confirm the answer (needs the extra `solver`).")
@click.pass_obj
def prove(
    call: Call,
    statement: str,
    given: tuple[Path, ...],
    form: str | None,
    lenient: bool,
    semantics: str,
    solver: bool,
) -> None:
    """Is STATEMENT so for every request there can be? If not, a request that shows it.

    About FILES, or about the offers that this node has published and its contracts in force. Exit status 1 unless it
    holds.
    """
    from policies import prove as proving
    from policies.model import PolicyError, Semantics

    called: dict[str, str] = {}
    about = _named(given, form) if given else _of_the_node(call, called)
    how = Semantics(semantics)
    try:
        found = proving.prove(statement, about, semantics=how, opinion=_opinion() if solver else None)
    except PolicyError as error:
        raise CommandError(files.sentence(error.reason), error.reason.code, error.reason.params) from error
    told = proving.document(found)
    if found.answer is proving.Answer.HOLDS or not call.json:
        call.answer(told, lambda: _proof(told, len(about), call.lang, called))
    if found.answer is not proving.Answer.HOLDS:
        known = found.answer is proving.Answer.FAILS
        said = (
            either("It does not hold.", "Es gilt nicht.") if known else either("It is not known.", "Es ist unbekannt.")
        )
        raise CommandError(said, f"prove.{found.answer.value}", answer=told)


def _opinion() -> Opinion:
    """The solver's. Raises `CommandError` where the extra is not installed."""
    try:
        from policies import solver
    except ImportError as error:
        raise CommandError(
            either(
                "No solver is installed: pip install 'allmende[solver]'.",
                "Es ist kein Solver installiert: pip install 'allmende[solver]'.",
            ),
            "solver.missing",
        ) from error

    def opinion(policies: Sequence[Policy], semantics: Semantics) -> bool | None:
        try:
            return solver.both(policies, semantics)
        except solver.FragmentError:
            return None

    return opinion


def _every(given: Sequence[Path], form: str | None, unknown: dict[str, Any]) -> tuple[Policy, ...]:
    """The policies of all files. Raises `CommandError`, with the answer that nothing is known of what is not
    understood."""
    try:
        return files.every(given, form, lenient=True)
    except CommandError as error:
        error.answer.update(unknown)
        raise


def _named(given: Sequence[Path], form: str | None) -> dict[str, Policy]:
    """The policies of files, by file and, where it has several, number."""
    found: dict[str, Policy] = {}
    for file in given:
        several = files.understood(file, form, lenient=True)
        found |= {f"{file}#{n}" if len(several) > 1 else str(file): one for n, one in enumerate(several)}
    return found


def _of_the_node(call: Call, called: dict[str, str]) -> dict[str, Policy]:
    """What the node has published and what it is bound by, by its id; how a person calls each goes into `called`. An
    offer is about the dataset that it is for."""
    from msgspec.structs import replace

    from policies.model import PolicyKind

    offers = [one for one in call.remote.every("/offers") if one["live"]]
    contracts = [one for one in call.remote.every("/contracts") if one["in_force"]]
    called |= {one["id"]: f"{word('offer')} {tail(one['id'])} ({one['policy']}, {one['asset']})" for one in offers}
    called |= {
        one["id"]: f"{word('contract')} {tail(one['id'])} ({one['peer_name'] or one['peer']}, {one['dataset']})"
        for one in contracts
    }
    return {
        **{one["id"]: replace(_understood(one, PolicyKind.OFFER), target=one["asset"]) for one in offers},
        **{one["id"]: _understood(one, PolicyKind.AGREEMENT) for one in contracts},
    }


def _understood(one: Any, kind: PolicyKind) -> Policy:
    from policies.model import PolicyError
    from policies.parse import from_dsp

    try:
        return from_dsp(one["document"], kind)
    except PolicyError as error:
        raise files.refused(error, one["id"]) from error


def _contrast(told: dict[str, Any], lang: str) -> str:
    def shown(requests: list[Any]) -> list[str]:
        return [requesting.said(one, lang) for one in requests]

    return paragraphs(
        labelled([("relation", word(told["relation"]))]),
        bullets(either("Only the first permits", "Nur die erste erlaubt"), shown(told["a_only"])),
        bullets(either("Only the second permits", "Nur die zweite erlaubt"), shown(told["b_only"])),
        bullets(either("Not known, because", "Unbekannt, weil"), files.told(told.get("reasons", ()))),
    )


def _told(found: Conflicts) -> dict[str, Any]:
    def side(one: Side) -> dict[str, str]:
        return {"policy": one.policy, "rule": one.rule}

    return {
        "verdict": found.verdict.value,
        "pairs": [
            {
                "a": side(one.a),
                "b": side(one.b),
                "verdict": one.verdict.value,
                "operands": list(one.operands),
                "reason": {"code": one.reason.code, "params": dict(one.reason.params)},
            }
            for one in found.pairs
        ],
    }


def _conflicts(told: dict[str, Any], called: Mapping[str, str]) -> str:
    # Two rules of which each forbids what the other permits stand there in both orders; a person needs one.
    pairs: dict[tuple[str, ...], list[str]] = {}
    for one in told["pairs"]:
        policies = [side["policy"] for side in (one["a"], one["b"])]
        rules = ["" if side["rule"].startswith("_:") else side["rule"] for side in (one["a"], one["b"])]
        sides = [f"{called.get(id, id)} {rule}".strip() for id, rule in zip(policies, rules, strict=True)]
        why = files.told([one["reason"]])[0]
        said = [f"{word(one['verdict'])}: {' / '.join(sides)}", f"  {why}"]
        pairs.setdefault((one["verdict"], *sorted(policies), why), said)
    return paragraphs(
        labelled([("verdict", word(told["verdict"]))]),
        bullets(either("Pairs", "Paare"), [line for said in pairs.values() for line in said]),
    )


def _proof(told: dict[str, Any], count: int, lang: str, called: Mapping[str, str]) -> str:
    about = str(told.get("policy") or "")
    shown = [requesting.said(told["request"], lang)] if told.get("request") else []
    return paragraphs(
        labelled([("answer", word(told["answer"])), ("policies", count), ("policy", called.get(about, about))]),
        bullets(either("This request is permitted", "Diese Anfrage ist erlaubt"), shown),
        bullets(either("Not known, because", "Unbekannt, weil"), files.told(told.get("reasons", ()))),
    )

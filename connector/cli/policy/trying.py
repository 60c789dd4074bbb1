"""`allmende policy simulate`: what a file would decide, about one access put together here or about those of a log.

What lives here: putting a request together from words, reading a log line by line, which decisions would be others.
What does not: judging (`judging`). A log is the audit log as `audit export` or `audit log --json` gives it, or JSON
lines: requests as `evaluate` reads them, each with a member `decision`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from connector.cli import facts
from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, labelled, paragraphs
from connector.cli.policy import files
from connector.cli.policy.judging import SEMANTICS, changes, judged, text, together
from connector.cli.words import either

if TYPE_CHECKING:
    from policies.model import Policy
    from policies.requests import Request

ODRL = "http://www.w3.org/ns/odrl/2/"
ACCESSES = {"access.permitted": "permit", "access.refused": "deny"}
"""Events of the audit log -> what was decided."""
_SHOWN = 20


class Logged(NamedTuple):
    """One access of a log: where it stands, what was asked, what was decided."""

    line: int
    request: Request
    was: str


@click.command(
    "simulate",
    cls=Leaf,
    node=False,
    examples=[
        "allmende policy simulate policy.toml --as did:web:stadtwerke.example --purpose PublicPolicyMaking",
        "allmende policy simulate policy.toml --as did:web:a.example --at 2027-01-31 --where 05515000 --count 3",
        "allmende policy simulate policy.toml --replay audit.jsonl",
    ],
)
@click.argument("file", type=files.FILE)
@files.with_files
@click.option("--as", "assignee", metavar="DID", help="Who asks.")
@click.option("--action", default="read", show_default=True, help="What for: a name of ODRL, or an IRI.")
@click.option("--target", metavar="IRI", help="The dataset; default: the one that the policy names.")
@click.option("--purpose", "purposes", multiple=True, help="The purpose, by its name or as an IRI; repeatable.")
@click.option("--where", "places", multiple=True, help="Where it is used: a municipality's key or an IRI; repeatable.")
@click.option("--at", metavar="INSTANT", help="When: an instant or a day; default: now.")
@click.option("--count", type=click.IntRange(min=0), help="How many times it was used before.")
@click.option("--value", "values", multiple=True, metavar="OPERAND=VALUE", help="Any other fact; repeatable.")
@click.option("--member", "members", multiple=True, metavar="IRI=COLLECTION", help="Who or what belongs to what.")
@click.option("--performed", multiple=True, metavar="ACTION", help="A duty that was performed; repeatable.")
@SEMANTICS
@click.option("--replay", type=files.FILE, help="Judge the accesses of this log anew; list the decisions that change.")
@click.pass_obj
def simulate(
    call: Call, /, file: Path, form: str | None, lenient: bool, semantics: str, replay: Path | None, **given: Any
) -> None:
    """Try out FILE: may this one do this, for this purpose, then and there?

    A fact that is not given is unknown; what a node does to data on their way out counts as done. With --replay: which
    accesses of the past would now be decided differently; --as and --target choose among them. The log comes from
    `allmende audit export -o FILE`, or is JSON lines: requests as `evaluate` reads them, each with its "decision". Exit
    status 0 whatever the decision.
    """
    policies = files.stated(file, form, lenient=lenient)
    if replay is not None:
        told = _replayed(policies, replay, semantics, given)
        call.answer(told, lambda: _flips(told))
        return
    asked = _leaving(policies, _request(policies, **given))
    from policies import requests

    told = {**together(judged(policies, asked, semantics)), "request": requests.document(asked)}
    told["nearest"] = changes(policies, asked, semantics, call.lang) if told["decision"] == "deny" else []
    call.answer(told, lambda: text(told, policies, call.lang))


def _request(
    policies: Sequence[Policy],
    *,
    assignee: str | None,
    action: str,
    target: str | None,
    purposes: Sequence[str],
    places: Sequence[str],
    at: str | None,
    count: int | None,
    values: Sequence[str],
    members: Sequence[str],
    performed: Sequence[str],
) -> Request:
    """The request that the options describe. Raises `CommandError` for a name that is not known."""
    from policies import terms
    from policies.model import Access, Deed, PolicyError
    from policies.requests import Request

    known: dict[str, list[str]] = {}
    try:
        if purposes:
            known[f"{ODRL}purpose"] = [terms.purpose(one) for one in purposes]
        if places:
            known[f"{ODRL}spatial"] = [terms.place(one) for one in places]
    except PolicyError as error:
        raise facts.unreadable(error.reason) from error
    for left, several in facts.stated(values).items():
        known.setdefault(left, []).extend(several)
    belongs: dict[str, list[str]] = {}
    for one, above in map(facts.pair, members):
        belongs.setdefault(one, []).append(above)
    access = Access(
        action=facts.action(action),
        assignee=_named(assignee),
        target=target or next((one.target for one in policies if one.target), ""),
        values={left: tuple(several) for left, several in known.items()},
        members={one: tuple(several) for one, several in belongs.items()},
        performed=tuple(Deed(action=facts.action(one)) for one in performed),
    )
    return Request(access, files.instant(at), count)


def _leaving(policies: Sequence[Policy], asked: Request) -> Request:
    """The request, with the duties done that a node does itself while data leave: no request has to wait for them."""
    from msgspec.structs import replace

    from policies.transforms import deeds

    done = tuple(deed for policy in policies for deed in deeds(policy.rules))
    return replace(asked, access=replace(asked.access, performed=(*asked.access.performed, *done))) if done else asked


def _named(who: str | None) -> str:
    """Who asks, by an identifier: a name of the address book is known to a node, not to a file."""
    if who and ":" not in who:
        raise click.UsageError(
            either(
                f"{who!r} is no DID (did:web:...); `allmende peer list` shows those of your peers.",
                f"{who!r} ist keine DID (did:web:…); „allmende peer list“ zeigt die Ihrer Gegenstellen.",
            )
        )
    return who or ""


# --- a log ------------------------------------------------------------------------------------------------------------


def _replayed(policies: Sequence[Policy], log: Path, semantics: str, given: dict[str, Any]) -> dict[str, Any]:
    from policies import requests

    chosen = {"assignee": given["assignee"], "target": given["target"]}
    counts = {"permit": 0, "deny": 0}
    flipped = []
    for one in _accesses(log):
        if any(wanted and getattr(one.request.access, part) != wanted for part, wanted in chosen.items()):
            continue
        now = together(judged(policies, _leaving(policies, one.request), semantics))
        counts[now["decision"]] += 1
        if now["decision"] != one.was:
            asked = requests.document(one.request)
            flipped.append(
                {
                    "line": one.line,
                    "was": one.was,
                    "is": now["decision"],
                    "request": asked,
                    "reasons": now["reasons"],
                }
            )
    return {"replayed": sum(counts.values()), **counts, "flipped": flipped}


def _accesses(log: Path) -> Iterator[Logged]:
    """The decided accesses of a log, in order; whatever else stands in it is passed over. Raises `CommandError`."""
    from msgspec import DecodeError, json

    uses: dict[str, int] = {}
    for number, line in enumerate(files.content(log).splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.decode(line)
            entries = [_entry(one) for one in (found if isinstance(found, list) else [found])]
        except (DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise _unreadable(log, number) from wrong
        for entry in entries:
            if not isinstance(entry, dict):
                raise _unreadable(log, number)
            if (access := _access(log, number, entry, uses)) is not None:
                yield access


def _entry(found: Any) -> Any:
    """An entry of the log; in an export it is the text that was hashed, beside what proves it."""
    from msgspec import json

    body = found.get("body") if isinstance(found, dict) else None
    return json.decode(body) if isinstance(body, str) else found


def _access(log: Path, line: int, entry: dict[str, Any], uses: dict[str, int]) -> Logged | None:
    from msgspec import json

    from policies import requests
    from policies.model import PolicyError

    if "event" in entry:
        was = ACCESSES.get(str(entry["event"]))
        return None if was is None else Logged(line, _audited(entry, uses), was)
    was = entry.pop("decision", None)
    if was not in ACCESSES.values():
        raise _unreadable(log, line)
    try:
        return Logged(line, requests.read(json.encode(entry.get("request", entry))), was)
    except PolicyError as error:
        raise files.refused(error, either(f"{log}, line {line}", f"{log}, Zeile {line}")) from error


def _audited(entry: dict[str, Any], uses: dict[str, int]) -> Request:
    """The request behind an entry of the audit log, as far as the log tells it.

    Which use it was stands there only where the terms of then counted; else the uses of its contract so far are counted
    in `uses`, as far as the log goes back. Going on after a broken connection (206) is no use.
    """
    from policies import stating
    from policies.model import Access
    from policies.requests import Request

    told = entry.get("params")
    said = told if isinstance(told, dict) else {}
    known = dict(stating.read(str(said.get("stated") or "")))
    known |= {ODRL + name: (str(said[name]),) for name in ("purpose", "spatial") if said.get(name)}
    contract = str(said.get("agreement") or entry.get("actor"))
    before = uses.get(contract, 0)
    if entry["event"] == "access.permitted" and said.get("status") != "206":
        uses[contract] = before + 1
    use = str(said.get("use") or "")
    access = Access(ODRL + "read", str(entry.get("actor") or ""), str(said.get("dataset") or ""), known)
    at = entry.get("at")
    return Request(access, at if isinstance(at, int) else None, int(use) - 1 if use.isdecimal() else before)


def _unreadable(log: Path, line: int) -> CommandError:
    return CommandError(
        either(
            f"{log}, line {line}: neither an entry of the audit log nor a request with its decision.",
            f"{log}, Zeile {line}: weder ein Eintrag des Protokolls noch eine Anfrage mit ihrer Entscheidung.",
        ),
        "log.unreadable",
        {"line": str(line)},
    )


def _flips(told: dict[str, Any]) -> str:
    lines = []
    for one in told["flipped"][:_SHOWN]:
        said = either("was permitted, now refused", "war erlaubt, jetzt abgelehnt")
        if one["is"] == "permit":
            said = either("was refused, now permitted", "war abgelehnt, jetzt erlaubt")
        lines.append(f"{either('line', 'Zeile')} {one['line']}: {one['request'].get('assignee', '?')}: {said}")
        lines += [f"  {reason}" for reason in files.told(one["reasons"])]
    more = len(told["flipped"]) - _SHOWN
    return paragraphs(
        labelled(
            [
                ("accesses", told["replayed"]),
                ("permitted", told["permit"]),
                ("refused", told["deny"]),
                ("decided differently", len(told["flipped"])),
            ]
        ),
        bullets(either("Decided differently", "Anders entschieden"), lines),
        either(f"And {more} more; see --json.", f"Und {more} weitere; siehe --json.") if more > 0 else "",
    )

"""`allmende get`: fetch the data of a contract into a file, or look at the first rows.

The node pulls from the peer and hands the bytes on; what arrives is written beside the file (`FILE.part`), checked
against the hash that came with it, or that the peer says at the end of an answer made on its way, and takes the file's
name only when it is whole and on disk.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from connector.cli import asking, facts
from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.names import CONTRACT, segment
from connector.cli.output import PATIENCE, remark, size, tail, waiting
from connector.cli.parts import Part
from connector.cli.words import either, word

if TYPE_CHECKING:
    from connector.cli.parts import Before
    from connector.cli.remote import Answer, Query

WRONG = "What arrived is not what the peer says it sent (the hash differs)"
_NO_REST = frozenset({"data.range", "data.changed"})
FALSCH = "Was ankam, ist nicht, was die Gegenstelle gesendet haben will (die Prüfsumme weicht ab)"


class Fetched(NamedTuple):
    """What has come: how many bytes in all, their SHA-256 in hex, whether a hash of the sender confirms it."""

    bytes: int
    sha256: str
    matches: bool | None
    transfer: str | None


@click.command(
    cls=Leaf,
    examples=[
        "allmende get 5f0c2a91",
        "allmende get 5f0c2a91 -o trees.csv",
        'allmende get 5f0c2a91 -o tall.parquet --where "height >= 20" --columns id,species --format parquet',
        "allmende get 5f0c2a91 --since 2027-05-01 --bbox 7.4,51.4,7.6,51.6 --explain",
        "allmende get 5f0c2a91 -o trees.csv --purpose PublicPolicyMaking --value retentionPeriod=P30D",
        "allmende get 5f0c2a91 -o may.csv --member counts/2027-05.csv",
        "allmende get 5f0c2a91 -o trees.csv --resume",
        "allmende get 5f0c2a91 -o - | head",
        "allmende get 5f0c2a91 --received -o trees.csv",
    ],
)
@click.argument("contract", type=CONTRACT)
@click.option("-o", "--output", metavar="FILE", help="Where to write; - for standard output.")
@asking.options
@click.option("--member", default="", help="A file in a folder; without it a folder comes as one tar archive.")
@click.option("--purpose", help="What this one access is for, where the contract leaves several.")
@click.option("--spatial", help="Where this one access is used (IRI), where the contract leaves several.")
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="OPERAND=VALUE",
    help="What else this one access states, as its contract asks for it (retentionPeriod=P30D); repeatable.",
)
@click.option("--received", is_flag=True, help="What the provider has delivered last into this node's inbox.")
@click.option("--resume", is_flag=True, help="Go on where FILE.part ends; this does not count as a new use.")
@click.pass_obj
def get(
    call: Call,
    /,
    contract: str,
    output: str | None,
    member: str,
    purpose: str | None,
    spatial: str | None,
    values: tuple[str, ...],
    received: bool,
    resume: bool,
    **asked: Any,
) -> None:
    """Fetch the data of CONTRACT, checked access by access at the peer, into FILE.

    FILE appears only when all of it has arrived and its hash is right. Without -o the first rows are shown as a table,
    which is a use like any other. CONTRACT may be shortened to its last eight characters.
    """
    path = f"/contracts/{segment(contract)}/data"
    query = {"member": member, "purpose": _purpose(purpose), "spatial": _place(spatial), "stated": _stated(values)}
    if received:
        if resume or member or purpose or spatial or values or asking.question(asked) or asked["explain"]:
            raise click.UsageError(either("--received stands alone", "--received steht für sich allein"))
        path, query = f"/contracts/{segment(contract)}/received", {}
    query |= asking.question(asked)
    if asked["explain"]:
        with _opened(call, path, {**query, "explain": "true"}) as answer:
            asking.explain(call, answer)
        return
    if output is None and is_looked_at() and not received:
        _show(call, contract, path, query)
        return
    output = output or "-"
    if output == "-":
        if resume:
            raise click.UsageError(either("--resume needs a FILE", "--resume braucht eine Datei (-o)"))
        with _told_why(call, contract), _opened(call, path, query) as answer:
            fetched = _copy(answer, sys.stdout.buffer, hashlib.sha256(), 0)
        fetched = _confirmed(call, path, query, fetched, answer.headers.get("etag", ""))
        if fetched.matches is False:
            raise CommandError(either(f"{WRONG}; do not use it.", f"{FALSCH}; verwenden Sie es nicht."), "data.digest")
    else:
        with _told_why(call, contract):
            fetched = _into(call, path, query, Path(output), resume)
    _tell(call, output, fetched)


def is_looked_at() -> bool:
    """Does somebody look at what is written?"""
    return sys.stdout.isatty()


def _show(call: Call, contract: str, path: str, query: dict[str, Any]) -> None:
    """The first rows; whatever has no rows and can be read, as it stands."""
    most = int(query.setdefault("limit", asking.FIRST))
    query["f"] = "ndjson"
    with _told_why(call, contract):
        try:
            with _opened(call, path, query) as answer:
                asking.show(answer, most)
        except CommandError as refused:
            if refused.code != "query.rowless":
                raise
            said = either(
                "These data have no rows to show: -o FILE", "Diese Daten haben keine Zeilen zum Zeigen: -o DATEI"
            )
            raise CommandError(said, refused.code, refused.params) from refused


@contextmanager
def _told_why(call: Call, contract: str) -> Iterator[None]:
    """Where the data broke off: also why, as far as the transfer knows it, and where to read on. Where something
    was not stated that the contract asks for: how to."""
    try:
        yield
    except CommandError as broken:
        broken.sentence += _unstated(broken)
        if broken.code != "data.truncated":
            raise
        look = either("Look: allmende contract show", "Ansehen: allmende contract show")
        said = [
            *(f"{text.rstrip('.')}." for text in (broken.sentence, *_reasons(call, contract))),
            f"{look} {tail(contract)}",
        ]
        raise CommandError(" ".join(said), broken.code, broken.params) from broken


def _unstated(refused: CommandError) -> str:
    """With which option what was not stated is stated; nothing where it is no word of whoever asks."""
    from policies.operands import Origin, find

    operand = find(str(refused.params.get("operand", ""))) if refused.code == "fact.unknown" else None
    if operand is None or operand.origin is not Origin.REQUEST:
        return ""
    said = f"--value {operand.name}=..."
    return either(f" State it with: {said}", f" Geben Sie es an mit: {said}")


def _reasons(call: Call, contract: str) -> list[str]:
    """Why the newest transfer under a contract was stopped; nothing where it was not, or nobody can be asked."""
    try:
        found = [one for one in call.remote.every("/transfers", role="consumer") if one["contract"].endswith(contract)]
    except CommandError:
        return []
    newest = max(found, key=lambda one: one["updated"], default=None)
    return [newest["reason"]["sentence"]] if newest and newest["reason"] else []


def _purpose(said: str | None) -> str | None:
    """A purpose by its short name, or its IRI as it stands. Raises `CommandError` where there is none of that name."""
    from policies import terms

    return None if said is None else _known(said, terms.purpose)


def _place(said: str | None) -> str | None:
    """A place by the digits of its key, or its IRI as it stands. Raises `CommandError`."""
    from policies import terms

    return None if said is None else _known(said, terms.place)


def _known(said: str, read: Callable[[str], str]) -> str:
    from policies.model import PolicyError

    if ":" in said:
        return said
    try:
        return read(said)
    except PolicyError as error:
        raise facts.unreadable(error.reason) from error


def _stated(values: Sequence[str]) -> str | None:
    """What else an access states, in the form in which it travels."""
    if not values:
        return None
    from policies import stating

    return stating.written(facts.stated(values))


def _into(call: Call, path: str, query: Query, file: Path, resume: bool) -> Fetched:
    part = Part(file, path, query)
    before = part.before() if resume else None
    try:
        with _opened(call, path, query, before.headers if before else None) as answer:
            fetched, etag = _written(answer, part, before), answer.headers.get("etag", "")
    except CommandError as refused:
        if before is None or refused.code not in _NO_REST:
            raise
        # There may be no rest because all is here already.
        fetched = Fetched(before.bytes, before.digest.hexdigest(), None, None)
        if not _confirmed(call, path, query, fetched, before.etag).matches:
            raise _no_rest(refused) from refused
        etag = before.etag
    fetched = _confirmed(call, path, query, fetched, etag)
    if fetched.matches is False:
        part.discard()
        raise CommandError(
            either(f"{WRONG}; it was thrown away. Try again.", f"{FALSCH}; es wurde verworfen. Bitte noch einmal."),
            "data.digest",
        )
    part.done()
    return fetched


def _written(answer: Answer, part: Part, before: Before | None) -> Fetched:
    """What comes, behind what is here where it is the rest of that."""
    rest = before if answer.status == 206 else None
    part.begin(answer.headers.get("etag", ""))
    with part.path.open("r+b" if rest else "wb") as target:
        target.seek(rest.bytes if rest else 0)
        fetched = _copy(answer, target, rest.digest if rest else hashlib.sha256(), rest.bytes if rest else 0)
        target.flush()
        os.fsync(target.fileno())
    return fetched


def _no_rest(refused: CommandError) -> CommandError:
    """With what can be done about it."""
    hint = either("Without --resume it is fetched anew, as another use.", "Ohne --resume neu: als weitere Nutzung.")
    return CommandError(f"{refused.sentence.rstrip('.')}. {hint}", refused.code, refused.params)


def _confirmed(call: Call, path: str, query: Query, fetched: Fetched, etag: str) -> Fetched:
    """With the hash that the peer says at the end of what it could not say it of beforehand; as it is where it does not
    say it any more, or cannot be asked."""
    if fetched.matches is not None or not etag:
        return fetched
    from msgspec import DecodeError, json

    try:
        with call.remote.stream(f"{path}/outcome", query, {"If-Match": etag}) as answer:
            told = json.decode(b"".join(answer.chunks()), type=dict[str, Any])
    except (CommandError, DecodeError):
        return fetched
    if told.get("bytes") is None:
        return fetched
    return fetched._replace(matches=(told["bytes"], told.get("sha256")) == (fetched.bytes, fetched.sha256))


@contextmanager
def _opened(call: Call, path: str, query: Query, rest: Mapping[str, str] | None = None) -> Iterator[Answer]:
    try:
        with waiting(either("Waiting for the data", "Warte auf die Daten")):
            opening = call.remote.stream(path, query, rest)
            answer = opening.__enter__()
    except CommandError as refused:
        raise asking.in_options(refused) from refused
    try:
        yield answer
    finally:
        opening.__exit__(None, None, None)


def _copy(answer: Answer, target: BinaryIO, digest: Any, done: int) -> Fetched:
    whole = _whole(answer, done)
    told = time.monotonic()
    for piece in answer.chunks():
        target.write(piece)
        digest.update(piece)
        done += len(piece)
        if time.monotonic() - told > PATIENCE:
            told = time.monotonic()
            of = f" {either('of', 'von')} {size(whole)}" if whole else ""
            remark(f"{size(done)}{of} ...")
    said = _said_digest(answer.headers.get("repr-digest", ""))
    hexed = digest.hexdigest()
    return Fetched(done, hexed, None if said is None else said == hexed, answer.headers.get("allmende-transfer"))


def _whole(answer: Answer, done: int) -> int | None:
    length = answer.headers.get("content-length", "")
    return done + int(length) if length.isdigit() else None


def _said_digest(header: str) -> str | None:
    """The SHA-256 of a Repr-Digest field (RFC 9530), in hex; None where it names none."""
    for member in header.split(","):
        name, _, value = member.strip().partition("=")
        if name.lower() == "sha-256":
            return base64.b64decode(value.strip(":")).hex()
    return None


def _tell(call: Call, output: str, fetched: Fetched) -> None:
    known = either("the peer named no hash", "die Gegenstelle hat keine Prüfsumme genannt")
    if fetched.matches:
        known = either("as the peer sent it", "wie die Gegenstelle es gesendet hat")
    line = f"{size(fetched.bytes)}, SHA-256 {fetched.sha256} ({known})"
    if output == "-":
        remark(line)
        return
    told = {"file": output, **fetched._asdict()}
    transfer = f"\n{word('transfer')} {tail(fetched.transfer)}" if fetched.transfer else ""
    call.answer(told, lambda: f"{output}: {line}{transfer}")

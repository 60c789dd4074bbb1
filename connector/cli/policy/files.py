"""Policy files: reading one or several, in any of their forms, and what is said where one cannot be read.

What lives here: options that all commands on files share, bytes from disk, a refusal as a failure of the command. What
does not: the forms (`policies.forms`). RDF libraries are loaded only where a text is Turtle, or JSON-LD with a context
that is not known here.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import click

from connector.cli.errors import CommandError
from connector.cli.words import either
from connector.cli.wrong import system

if TYPE_CHECKING:
    from policies.forms import Form
    from policies.model import Policy, PolicyError, Reason
    from policies.nodes import Node

FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
FORMS = {"toml": "TOML", "ttl": "TURTLE", "jsonld": "JSONLD", "dsp": "DSP"}
"""How the forms are called here -> in `policies.forms`."""
LARGEST = 16 << 20
"""Bytes of a file that are read at most."""

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--format",
        "form",
        type=click.Choice(list(FORMS)),
        help="How the file is written; default: as its name and beginning say.",
    ),
    click.option(
        "--lenient",
        is_flag=True,
        help="Take terms of the ODRL Common Vocabulary also where the policy names no profile.",
    ),
)


class Given(NamedTuple):
    """A file as it was found: its policies, or why it cannot be understood."""

    name: str
    data: bytes
    form: Form
    found: tuple[Policy, ...] | PolicyError


def with_files(command: F) -> F:
    """Add the options that say how a file is to be read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def content(file: Path) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises `CommandError`."""
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with file.open("rb") as source:
                data = source.read(LARGEST + 1)
    except OSError as failure:
        raise CommandError(system(failure), "file.unreadable", {"file": str(file)}) from failure
    if len(data) > LARGEST:
        raise CommandError(
            either(f"{file} is larger than {LARGEST} bytes.", f"{file} ist größer als {LARGEST} Bytes."),
            "file.large",
            {"file": str(file), "limit": str(LARGEST)},
        )
    return data


def look(file: Path, form: str | None, *, lenient: bool) -> Given:
    """A file with its policies, or with the reason why there are none. Raises `CommandError` without its bytes."""
    return _given(str(file), content(file), form, lambda _: lenient)


def checked(file: Path, form: str | None, *, lenient: bool) -> Given:
    """A file as lint looks at it. What is written for this connector alone is read as a node reads it; of full ODRL
    much is valid that no node takes, so that is read leniently. Raises `CommandError` without its bytes."""
    from policies.forms import Form

    return _given(str(file), content(file), form, lambda how: lenient or how in (Form.JSONLD, Form.TURTLE))


def _given(name: str, data: bytes, form: str | None, lenient: Callable[[Form], bool]) -> Given:
    """The file, read in the form that was said or that it looks like."""
    from policies import forms
    from policies.model import PolicyError

    how = forms.Form.JSONLD if name.lower().endswith("json") else forms.Form.TOML
    try:
        how = forms.Form[FORMS[form]] if form else forms.guess(name, data)
        return Given(name, data, how, forms.read(data, how, graph=graph, lenient=lenient(how)))
    except PolicyError as error:
        return Given(name, data, how, error)


def understood(file: Path, form: str | None, *, lenient: bool) -> tuple[Policy, ...]:
    """The policies of a file. Raises `CommandError` with the place of what is not understood."""
    return _found(look(file, form, lenient=lenient))


def stated(file: Path, form: str | None, *, lenient: bool) -> tuple[Policy, ...]:
    """The policies of a file, of which there has to be one. Raises `CommandError`."""
    return understood(file, form, lenient=lenient) or _none(str(file))


def one(file: Path, form: str | None, *, lenient: bool) -> Policy:
    """The only policy of a file. Raises `CommandError`."""
    return single(look(file, form, lenient=lenient))


def single(given: Given) -> Policy:
    """The only policy of what was found. Raises `CommandError`."""
    found = _found(given)
    if len(found) != 1:
        raise _several(len(found), given.name)
    return found[0]


def _found(given: Given) -> tuple[Policy, ...]:
    if isinstance(given.found, tuple):
        return given.found
    said = refused(given.found, given.name)
    more = either("What helps", "Was hilft")
    if given.name != "-":
        said.sentence = f"{said.sentence} {more}: allmende policy lint {shlex.quote(given.name)}"
    raise said


def every(files: Sequence[Path], form: str | None, *, lenient: bool) -> tuple[Policy, ...]:
    """The policies of all files, in order; there has to be one. Raises `CommandError`."""
    found = tuple(policy for file in files for policy in understood(file, form, lenient=lenient))
    return found or _none(" ".join(map(str, files)))


def written(policy: Policy, form: Form, name: str) -> bytes:
    """The policy in another form. Raises `CommandError` where that form cannot say it."""
    from policies import forms
    from policies.model import PolicyError

    try:
        return forms.write(policy, form)
    except PolicyError as error:
        raise refused(error, name) from error


def offered(file: Path) -> tuple[dict[str, Any], Policy]:
    """The only policy of a file as an offer of the protocol, and as it was read. What is such an offer already stays as
    it is. Raises `CommandError` with file and place."""
    from msgspec import json
    from msgspec.structs import replace

    from policies import forms

    given = look(file, None, lenient=False)
    policy = single(given)
    if given.form is forms.Form.DSP:
        return json.decode(given.data), policy
    # Titles and remarks are words for people and have no place in the protocol's form.
    return json.decode(written(replace(policy, remarks=()), forms.Form.DSP, str(file))), policy


def alone() -> click.UsageError:
    """A file beside other terms."""
    return click.UsageError(
        either(
            "--file says it all; give no other terms beside it",
            "--file sagt alles; nennen Sie daneben keine weiteren Bedingungen",
        )
    )


def members(files: Sequence[Path], form: str | None) -> dict[str, tuple[str, ...]]:
    """What belongs to which collection, as files that can be read say."""
    from policies import forms, membership

    nodes: list[Node] = []
    for file in files:
        if str(file) != "-":
            data = content(file)
            how = forms.Form[FORMS[form]] if form else forms.guess(str(file), data)
            nodes += forms.nodes(data, how, graph=graph)
    return dict(membership.members(nodes))


def refused(error: PolicyError, name: str) -> CommandError:
    """A refusal of the policies as a failure of the command: which file, where in it, and why."""
    where = error.where or "/"
    return CommandError(
        f"{name}, {where}: {sentence(error.reason)}", error.reason.code, {**error.reason.params, "place": where}
    )


def sentence(reason: Reason) -> str:
    """The sentence for a reason of the policies, in the language of this call."""
    from policies import explain

    return explain.sentence(reason, either("en", "de"))


def helped(reason: Reason) -> str:
    """The sentence for a reason, with what helps where there is anything to be said."""
    from policies import meaning

    mend = meaning.mend(reason)
    return sentence(reason) if mend is None else f"{sentence(reason)} {either(*mend[::-1])}"


def told(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """The sentences for reasons in their JSON form."""
    from policies.model import Reason

    return [sentence(Reason(one["code"], one.get("params") or {})) for one in reasons]


def instant(text: str | None) -> int:
    """An instant or the beginning of a day as typed, else the clock. Raises `click.UsageError`."""
    import time

    from policies import instants

    if text is None:
        return time.time_ns() // 1000
    try:
        canonical = instants.read(text)
    except ValueError as wrong:
        raise click.UsageError(
            either(
                f"{text!r} is neither a day (2027-12-31) nor an instant with its offset (2027-12-31T08:00:00+01:00).",
                f"{text!r} ist weder ein Tag (2027-12-31) noch ein Zeitpunkt mit Zeitzone (2027-12-31T08:00:00+01:00).",
            )
        ) from wrong
    return instants.span(canonical)[0]


def _none(name: str) -> NoReturn:
    raise CommandError(
        either(f"{name} states no policy.", f"{name} enthält keine Nutzungsregel."), "policy.none", {"file": name}
    )


def _several(count: int, name: str) -> CommandError:
    return CommandError(
        either(
            f"{name} states {count} policies; this command is about exactly one.",
            f"{name} enthält {count} Regeln; dieser Befehl gilt genau einer.",
        ),
        "policy.several",
        {"count": str(count)},
    )


def graph(data: bytes) -> Sequence[Node]:
    """Turtle, read in this process: the file is the caller's own."""
    from catalog.rdf.turtle import read_graph

    return read_graph(data)

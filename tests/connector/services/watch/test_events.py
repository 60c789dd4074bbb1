"""Every event that is recorded anywhere is either for people or known not to be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import connector
from connector.protocol.negotiation import NEGOTIATION
from connector.protocol.transfer import TRANSFER
from connector.sentences import TEMPLATES
from connector.services.watch import events
from connector.services.watch.happenings import SHOWN

ROOT = Path(connector.__file__).parent
MACHINES = (NEGOTIATION.name, TRANSFER.name)
ELSEWHERE = {"data/gate.py", "services/processes.py", "store/view.py"}
"""Where an entry's event comes from a machine's step or from the data plane: found by rules of their own."""

Place = tuple[str, ast.AST]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def nodes() -> Iterator[Place]:
    """Every node of the package's syntax trees, and its file."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path.relative_to(ROOT).as_posix(), node


def recorded() -> dict[str, str]:
    """Every event, and where it is written."""
    found: dict[str, str] = {}
    everything = list(nodes())
    inner = {one for _, node in everything if isinstance(node, Function) for one in _inner(node)}
    for place, node in everything:
        if node in inner and not _gives(node):
            continue  # what a function inside another says is asked of the one around it, whose callers give it
        for event in _events(place, node, everything):
            found[event] = f"{place}:{getattr(node, 'lineno', 0)}"
    return found


def _inner(function: Function) -> Iterator[Function]:
    """Functions that are written inside a function."""
    return (one for one in ast.walk(function) if isinstance(one, Function) and one is not function)


def _gives(function: ast.AST) -> bool:
    """Whether a function says all of its events by itself."""
    return isinstance(function, Function) and not any(
        isinstance(value, ast.Name) and not value.id.isupper() and value.id not in _parameters(function)
        for value in _spoken(function)
    )


def _events(place: str, node: ast.AST, everything: list[Place]) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name="_event"):
            yield from (one for each in ast.walk(node) if isinstance(each, ast.Return) for one in _texts(each))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            for value in _spoken(node):
                yield from _said(place, node, value, everything)
        case ast.Assign(targets=[target], value=value):
            yield from _assigned(target, value)
        case ast.Call(func=ast.Name(id="moved"), args=[_, _, ast.Constant(value=str(event)), *_]):
            yield from (f"{machine}.{event}" for machine in MACHINES)


def _spoken(function: Function) -> Iterator[ast.expr]:
    """What entries that are made in a function are given as their event."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Entry":
            yield from (given.value for given in node.keywords if given.arg == "event")


def _said(place: str, function: Function, value: ast.expr, everything: list[Place]) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(event)):
            yield event
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(tail))]):
            yield from (f"{machine}{tail}" for machine in MACHINES)
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), ast.FormattedValue(value=ast.Name(id=name))]):
            yield from (f"{head}{event}" for event in _given(place, function, name, everything))
        case ast.IfExp():
            yield from _texts(value)
        case ast.Name(id=name) if name.isupper():
            yield str(getattr(import_module(f"connector.{place[:-3].replace('/', '.')}"), name))
        case ast.Name(id=name) if place not in ELSEWHERE:
            told = list(_given(place, function, name, everything))
            assert told, f"{place}:{value.lineno} records an event that nobody gives"
            yield from told
        case _:
            assert place in ELSEWHERE, f"{place}:{value.lineno} records an event that no rule here finds"


def _given(place: str, function: Function, name: str, everything: list[Place]) -> Iterator[str]:
    """The literals that callers of a function give for a parameter of it: a private one's stand in its own file."""
    names = _parameters(function)
    if name not in names:
        return
    at = names.index(name)
    for where, node in everything:
        if function.name.startswith("_") and not function.name.startswith("__") and where != place:
            continue
        if isinstance(node, ast.Call) and _called(node.func) == function.name:
            given = [node.args[at]] if len(node.args) > at else []
            given += [one.value for one in node.keywords if one.arg == name]
            for one in given:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value
                elif isinstance(one, ast.IfExp):
                    yield from (e.value for e in (one.body, one.orelse) if isinstance(e, ast.Constant))


def _parameters(function: Function) -> list[str]:
    return [one.arg for one in (*function.args.posonlyargs, *function.args.args) if one.arg != "self"]


def _called(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[str]:
    match target, value:
        case ast.Name(id="event"), ast.Constant(value=str(event)) if "." in event:
            yield event
        case ast.Tuple(elts=[ast.Name(id="event"), *_]), ast.Tuple(elts=[ast.Constant(value=str(event)), *_]):
            yield event


def _texts(node: ast.AST) -> Iterator[str]:
    """Dotted literals."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value:
            yield each.value


RECORDED = recorded()


def test_the_search_finds_what_is_there() -> None:
    assert {
        "peer.added",
        "access.permitted",
        "access.unserved",
        "access.cut",
        "approval.asked",
        "approval.late",
        "transfer.read",
        "negotiation.abandoned",
        "head.conflict",
        "node.restored",
    } <= RECORDED.keys()


@pytest.mark.parametrize("event", sorted(set(RECORDED) | events.steps(NEGOTIATION) | events.steps(TRANSFER)))
def test_every_event_is_judged(event: str) -> None:
    told, quiet = event in events.PEOPLE, events.quiet(event)
    assert told or quiet, f"{RECORDED.get(event)} records {event}: put it into services/watch/events.py"
    assert not (told and quiet), f"{event} is in both tables"


@pytest.mark.parametrize("event", sorted(events.PEOPLE))
def test_what_is_told_is_recorded_and_has_its_sentence(event: str) -> None:
    assert event in RECORDED or event in events.steps(NEGOTIATION) | events.steps(TRANSFER), f"nobody records {event}"
    _, code = events.PEOPLE[event]
    assert code in TEMPLATES


@pytest.mark.parametrize("event", sorted(events.QUIET))
def test_what_is_quiet_is_recorded(event: str) -> None:
    assert event in RECORDED, f"nobody records {event}"


@pytest.mark.parametrize("code", sorted({code for _, code in events.PEOPLE.values()}))
def test_a_sentence_asks_for_nothing_that_is_not_shown(code: str) -> None:
    from string import Formatter

    fields = {field for text in TEMPLATES[code] for _, field, _, _ in Formatter().parse(text) if field}
    assert fields <= {"peer", "asset", *SHOWN}

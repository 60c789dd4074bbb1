"""The tree: what it loads, its exit statuses, its one way to fail."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

import click
import pytest

from connector.cli import tree
from connector.cli.errors import CommandError
from tests.connector.cli.conftest import Types

HEAVY = ("aiohttp", "sqlite3", "rdflib", "cryptography", "msgspec", "asyncio", "connector.node", "http.client")


@pytest.mark.parametrize("name", ["", *tree.TABLE])
def test_help_loads_nothing_heavy(name: str) -> None:
    code = f"""
import sys
from connector.cli.tree import run
assert run([*{name.split()!r}, "--help"]) == 0
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"
    assert "Usage: allmende" in ran.stdout


@pytest.mark.parametrize("name", tree.TABLE)
def test_every_command_loads_under_its_name(name: str) -> None:
    command = tree.root().get_command(click.Context(tree.root()), name)
    assert command is not None
    assert command.name == name
    assert tree.TABLE[name][1].endswith(".")


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["--help"], 0),
        (["peer", "--help"], 0),
        (["--version"], 0),
        ([], 2),
        (["peer", "add"], 2),
        (["hlp"], 2),
        (["get"], 2),
    ],
)
def test_exit_status(types: Types, args: list[str], status: int) -> None:
    assert types(*args).status == status


def test_a_near_miss_gets_a_hint(types: Types) -> None:
    said = types("negotate")
    assert "Did you mean 'negotiate'?" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (CommandError("No.", "some.code"), 1, "some.code"),
        (KeyboardInterrupt(), 1, "stopped"),
        (click.UsageError("Wrong"), 2, "usage"),
        (FileNotFoundError(2, "No such file or directory", "x"), 1, "system"),
        (ZeroDivisionError("oops"), 1, "bug"),
    ],
)
def test_failures_are_one_sentence_and_never_a_traceback(
    types: Types, monkeypatch: pytest.MonkeyPatch, failure: BaseException, status: int, code: str
) -> None:
    @click.command("fails", params=[click.Option(["--json"], is_flag=True)])
    def fails(json: bool) -> None:
        raise failure

    monkeypatch.setattr(tree, "_plugged_in", lambda name: fails)
    said = types("fails", "--json")
    assert said.status == status
    assert said.json["error"]["code"] == code
    assert said.err.lstrip().startswith("allmende: ")
    assert said.err.strip().count("\n") == 0
    assert types("fails").out == ""


def test_a_reader_that_is_gone_is_not_an_error(types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("fails")
    def fails() -> None:
        raise BrokenPipeError

    monkeypatch.setattr(tree, "_plugged_in", lambda name: fails)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    assert types("fails").err == ""


def test_entry_points_are_scanned_for_unknown_commands_only(types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def points(**which: str) -> list[EntryPoint]:
        asked.append(which)
        return [EntryPoint("hello", "tests.connector.cli.test_tree:hello", "allmende.commands")]

    monkeypatch.setattr("importlib.metadata.entry_points", points)
    assert types("help").status == 0
    assert asked == []
    assert types("hello").out == "hello\n"
    assert asked[0] == {"group": "allmende.commands", "name": "hello"}


@click.command("hello")
def hello() -> None:
    """A command from elsewhere."""
    click.echo("hello")

"""Topics, completion, and what every command has in common."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.cli.command import language
from connector.cli.names import segment
from connector.protocol.negotiation import NEGOTIATION
from policies.vocabulary import PURPOSES
from tests.connector.cli.api import PEER, Api, negotiation
from tests.connector.cli.conftest import Types

PROGRAM = Path(sys.executable).with_name("allmende")


def test_topics_in_two_languages(types: Types) -> None:
    assert "Contracts" in types("help", "contracts", "--lang", "en").out
    assert "Verträge" in types("help", "contracts", "--lang", "de").out
    assert len(types("help", "--json").json) >= 5
    assert "There are: approval, audit" in types("help", "nothing").err


def test_the_picture_shows_every_transition(types: Types) -> None:
    said = types("help", "negotiation", "--lang", "en").out
    for state, moves in NEGOTIATION.table.items():
        for move, rule in moves.items():
            line = next(
                line for line in said.splitlines() if line.startswith(state or "(begin)") and f" {move} " in line
            )
            assert line.endswith(rule.to)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_purpose_can_be_looked_up(types: Types, lang: str) -> None:
    said = types("help", "policies", "--lang", lang).out.splitlines()
    for name, one in PURPOSES.items():
        line = next(line for line in said if line.startswith(f"{name} "))
        assert (one.de if lang == "de" else one.en) in line


def test_a_last_day_that_is_over_is_told(api: Api, types: Types) -> None:
    api.answers["POST /v1/policies"] = {"id": "p@1", "sentences": []}
    assert "2020-12-31 is over" in types("policy", "add", "p", "--until", "2020-12-31").err
    assert "is over" not in types("policy", "add", "p", "--until", "2999-12-31").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(types: Types, shell: str) -> None:
    assert "_ALLMENDE_COMPLETE" in types("completion", shell).out
    assert types("completion", "tcsh").status == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("allmende pee", ["peer"]),
        ("allmende peer show ne", ["neighbour"]),
        ("allmende negotiation show ", ["aaaabbbb"]),
    ],
)
def test_completion_asks_the_node(api: Api, line: str, expected: list[str]) -> None:
    api.answers["GET /v1/peers"] = {"items": [PEER], "next": None}
    api.answers["GET /v1/negotiations"] = {"items": [negotiation()], "next": None}
    assert _completed(line) == expected


def test_completion_without_a_node_is_silent(api: Api) -> None:
    assert _completed("allmende peer show ne", ALLMENDE_NODE="http://127.0.0.1:1") == []
    assert _completed("allmende peer show ne") == [], "an error of the API is no completion"


def test_the_node_may_be_named_before_the_command_too(api: Api, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLMENDE_NODE")
    api.answers["GET /v1/peers"] = {"items": [], "next": None}
    assert types("--node", api.url, "peer", "list").status == 0
    assert types("peer", "list", "--node", api.url).status == 0
    assert types("peer", "list").status == 1


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LC_ALL": "C", "LANG": "de_DE"}, "en"),
        ({"ALLMENDE_LANG": "de"}, "de"),
    ],
)
def test_language(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str) -> None:
    for name in ("ALLMENDE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def _completed(line: str, **environment: str) -> list[str]:
    words = line.split(" ")
    ran = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "_ALLMENDE_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return [entry.partition(",")[2] for entry in ran.stdout.splitlines() if entry]


def test_a_name_is_one_segment() -> None:
    assert segment("https://a/b c") == "https%3A%2F%2Fa%2Fb%20c"

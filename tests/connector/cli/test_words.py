"""The command line speaks German too: every label has both languages, every failure is said in both."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import connector.cli
import edge_node.cli
from connector.cli import words
from connector.cli.words import GERMAN
from connector.data.queries.model import Kind
from policies.conflicts import Verdict
from policies.difference import Relation
from policies.lint import Severity
from policies.model import RuleKind
from policies.operands import Assurance
from tests.connector.cli.api import PEER, Api
from tests.connector.cli.conftest import Types
from tests.connector.cli.test_records import STATUS

ROOT = Path(connector.cli.__file__).parent
DEVICES = Path(edge_node.cli.__file__).parent
SEVERITIES = {one.value for one in Severity}
MARKS = {one.value for one in Assurance}
VERDICTS = {one.value for one in Verdict}
RELATIONS = {one.value for one in Relation}
RULES = {one.value for one in RuleKind}
HEADINGS = ("COLUMNS", "QUEUE", "INBOX")


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted([*ROOT.rglob("*.py"), *DEVICES.rglob("*.py")]):
        yield path.name, ast.parse(path.read_text("utf-8"))


def labels() -> dict[str, str]:
    """Every literal label, heading, title and empty answer, and the file where it stands."""
    found: dict[str, str] = {}
    for file, tree in trees():
        for node in ast.walk(tree):
            for text in _labels(node):
                found[text] = file
    return found


def _labels(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(values=values)) if name.endswith(HEADINGS):
            yield from (text for value in values for text in _texts(value))
        case ast.Call(func=ast.Name(id="labelled")):
            pairs = [one for one in ast.walk(node) if isinstance(one, ast.Tuple) and len(one.elts) == 2]
            yield from (text for pair in pairs for text in _texts(pair.elts[0]))
        case ast.Call(func=ast.Name(id="bullets"), args=[title, *_]):
            yield from _texts(title)
        case ast.Call(func=ast.Name(id="table"), args=[_, columns, empty]):
            yield from _texts(empty)
            if isinstance(columns, ast.Dict):
                yield from (text for value in columns.values for text in _texts(value))


def _texts(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)


LABELS = labels()


def test_the_search_finds_what_is_there() -> None:
    assert {"fingerprint", "To be looked after", "No transfers.", "waits for", "media type"} <= LABELS.keys()


@pytest.mark.parametrize("label", sorted(LABELS))
def test_every_label_has_both(label: str) -> None:
    assert GERMAN.get(label), f"{LABELS[label]}: put {label!r} into cli/words.py"


def test_no_german_is_left_over() -> None:
    """Each is said somewhere, also where labels are gathered first; counts and states come from the node."""
    said = {
        one.value
        for file, tree in trees()
        if file != "words.py"
        for one in ast.walk(tree)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    counts = {"peers", "assets", "offers", "negotiations", "contracts", "transfers", "waiting for you"}
    states = {"active", "left", "stolen", "open", "late", "taken", "done", "good", "early", "revoked"}
    policies = {*SEVERITIES, *MARKS, *VERDICTS, *RELATIONS, *RULES, "fulfilled", "violated", "holds", "fails"}
    drafts = {"draft", "usable", "signed", "retired"}
    rows = {"columns", "limit", "bbox", *Kind}
    assert GERMAN.keys() - said - counts - states - policies - drafts - rows == set()


def test_every_failure_is_said_in_both() -> None:
    """What a `CommandError` says is no English literal: it is made by `either`, or by the node."""
    english = []
    for file, tree in trees():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="CommandError"), args=[ast.Constant() | ast.JoinedStr() as said, *_]):
                    if any(
                        isinstance(part, ast.Constant) and len(str(part.value).split()) > 1 for part in ast.walk(said)
                    ):
                        english.append(f"{file}:{node.lineno}")
    assert english == []


def test_every_answer_is_said_in_both() -> None:
    """What a command says once it is done is no English sentence either: `either` makes it."""
    english = []
    for file, tree in trees():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="answer"), args=[_, ast.Lambda(body=ast.JoinedStr() as said)]):
                    if any(isinstance(part, ast.Constant) and len(str(part.value).split()) > 1 for part in said.values):
                        english.append(f"{file}:{node.lineno}")
    assert english == []


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_command_speaks_the_language_that_is_asked_for(api: Api, types: Types, lang: str) -> None:
    api.answers["GET /v1/status"] = STATUS
    api.answers["GET /v1/peers"] = {"items": [PEER], "next": None}
    said = types("status", "--lang", lang).out
    assert ("Darum muss sich jemand kümmern" in said) is (lang == "de")
    assert ("Verträge" in said) is (lang == "de")
    heads = types("peer", "list", "--lang", lang).out.splitlines()[0].split()
    assert heads == (["name", "address", "fingerprint", "known", "by", "added", "by"] if lang == "en" else
                     ["Name", "Adresse", "Fingerabdruck", "bekannt", "durch", "angelegt", "von"])  # fmt: skip
    api.answers["GET /v1/transfers"] = {"items": [], "next": None}
    assert (
        types("transfer", "list", "--lang", lang).out == {"en": "No transfers.\n", "de": "Keine Übertragungen.\n"}[lang]
    )


def test_a_failure_speaks_it_too(types: Types, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALLMENDE_NODE", raising=False)
    assert "kein Knoten" in types("status", "--lang", "de").err
    assert "no node" in types("status", "--lang", "en").err


def test_json_is_the_same_in_both(api: Api, types: Types) -> None:
    api.answers["GET /v1/status"] = STATUS
    assert types("status", "--json", "--lang", "de").json == types("status", "--json", "--lang", "en").json


def test_a_word_that_nobody_knows_stays() -> None:
    words.speak("de")
    try:
        assert words.word("Quux") == "Quux"
    finally:
        words.speak("en")

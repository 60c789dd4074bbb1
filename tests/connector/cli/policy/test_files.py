"""What the commands on files load, and the other commands that work without a node: checking, comparing, drafting."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import json

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types
from tests.connector.cli.policy.town import TRAFFIC

HEAVY = ("aiohttp", "sqlite3", "rdflib", "cryptography", "asyncio", "connector.node", "connector.config", "z3")
OFFLINE = {
    "lint": ("lint", "FILE"),
    "explain": ("explain", "FILE"),
    "simulate": ("simulate", "FILE", "--as", "did:web:x"),
    "evaluate": ("evaluate", "FILE", "--request", "request.json"),
    "diff": ("diff", "FILE", "wider.toml"),
    "conflicts": ("conflicts", "FILE", "wider.toml"),
    "prove": ("prove", "no contract gives personal data for a commercial purpose", "FILE"),
    "convert": ("convert", "FILE", "--to", "ttl"),
    "new": ("new", "--template", "ml-1-3", "--defaults", "--out", "-"),
}


@pytest.mark.parametrize("form", ["toml", "dsp", "jsonld"])
def test_a_command_on_files_loads_nothing_heavy(files: Path, types: Types, form: str) -> None:
    """All of them in one process: the first that loads what it should not is told by its name."""
    file = f"given.{'toml' if form == 'toml' else 'json'}"
    assert types("policy", "convert", "traffic.toml", "--to", form, "--out", file).status == 0
    code = f"""
import sys
from connector.cli.tree import run
for name, line in {OFFLINE!r}.items():
    status = run(["policy", *({file!r} if part == "FILE" else part for part in line)])
    print([name, status, *(name for name in {HEAVY!r} if name in sys.modules)], file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=files)
    told = [line for line in ran.stderr.splitlines() if line.startswith("[")]
    assert told == [str([name, 0]) for name in OFFLINE], ran.stderr


def test_turtle_needs_the_library_of_rdf_and_says_the_same(files: Path, types: Types) -> None:
    assert types("policy", "convert", "traffic.toml", "--to", "ttl", "--out", "traffic.ttl").status == 0
    one = types("policy", "evaluate", "traffic.ttl", "--request", "request.json", "--json").json
    other = types("policy", "evaluate", "traffic.toml", "--request", "request.json", "--json").json
    assert (one["decision"], len(one["rules"])) == (other["decision"], len(other["rules"]))
    assert types("policy", "diff", "traffic.ttl", "traffic.toml", "--json").json["relation"] == "equal"


def test_lint_fails_where_there_is_an_error_and_shows_it_all_the_same(files: Path, types: Types) -> None:
    good = types("policy", "lint", "traffic.toml", "--json")
    assert (good.status, good.json["valid"]) == (0, True)
    (files / "bad.toml").write_text(TRAFFIC.replace("count.lteq = 3", "count.lteq = 0.5"))
    bad = types("policy", "lint", "bad.toml", "--json")
    assert (bad.status, bad.json["valid"], bad.json["error"]["code"]) == (1, False, "lint.errors")
    assert {"rule", "severity", "line", "mend"} <= bad.json["findings"][0].keys()
    assert "Befunde" in types("policy", "lint", "bad.toml", "--lang", "de").out


def test_explain_speaks_both_languages_and_marks_its_clauses(files: Path, types: Types) -> None:
    assert "[durchgesetzt]" in types("policy", "explain", "traffic.toml", "--lang", "de").out
    assert "[enforced]" in types("policy", "explain", "traffic.toml").out
    (told,) = types("policy", "explain", "traffic.toml", "--json").json
    assert told["policy"] == "urn:example:traffic"
    assert {"enforced", "declared"} <= {one["mark"] for one in told["clauses"]}


def test_diff_takes_two_files_or_one_with_two_and_nothing_else(files: Path, types: Types) -> None:
    said = types("policy", "diff", "traffic.toml", "wider.toml", "--json")
    assert (said.status, said.json["relation"], said.json["a_only"]) == (0, "a_in_b", [])
    (files / "request.json").write_bytes(json.encode(said.json["b_only"][0]))
    for file, decision in (("traffic.toml", "deny"), ("wider.toml", "permit")):
        judged = types("policy", "evaluate", file, "--request", "request.json", "--json")
        assert judged.json["decision"] == decision
    for line in (("traffic.toml",), ("traffic.toml", "wider.toml", "traffic.toml")):
        assert types("policy", "diff", *line, "--json").json["error"]["code"] == "policy.two"


def test_conflicts_of_files(files: Path, types: Types) -> None:
    said = types("policy", "conflicts", "traffic.toml", "--json")
    assert said.status == 0
    assert said.json["verdict"] in ("conflict", "compatible", "unknown")
    settled = TRAFFIC.replace('"distribute"', '"read"')
    (files / "settled.toml").write_text(settled)
    assert types("policy", "conflicts", "settled.toml", "--json").json["verdict"] == "compatible"
    (files / "both.toml").write_text('conflict = "invalid"\n' + settled)
    both = types("policy", "conflicts", "both.toml", "--json").json
    assert both["verdict"] == "conflict"
    assert {"a", "b", "verdict", "reason"} <= both["pairs"][0].keys()
    assert "conflict" in types("policy", "conflicts", "both.toml").out


def test_without_files_it_is_about_what_the_node_offers_and_has_agreed(api: Api, types: Types) -> None:
    rules = {"permission": [{"action": "use"}]}
    offer = {"@type": "Offer", "@id": "urn:x:o", **rules}
    agreement = {
        "@type": "Agreement",
        "@id": "urn:x:a",
        "target": "urn:x:d",
        "assigner": "did:web:a",
        "assignee": "did:web:b",
        "timestamp": "2027-01-01T00:00:00Z",
        **rules,
    }
    live = {"id": "urn:x:o", "live": True, "document": offer, "asset": "urn:x:d", "policy": "p@1"}
    api.answers["GET /v1/offers"] = {"items": [live, {**live, "id": "urn:x:gone", "live": False}], "next": None}
    concluded = {
        "id": "urn:x:a",
        "in_force": True,
        "document": agreement,
        "peer": "did:web:b",
        "peer_name": "works",
        "dataset": "urn:x:d",
    }
    api.answers["GET /v1/contracts"] = {"items": [concluded, {**concluded, "in_force": False}], "next": None}
    assert types("policy", "conflicts", "--json").json["verdict"] == "compatible"
    said = types("policy", "prove", "no contract gives personal data for a commercial purpose", "--json")
    assert (said.status, said.json["answer"], said.json["error"]["code"]) == (1, "fails", "prove.fails")
    assert said.json["policy"] in ("urn:x:o", "urn:x:a")
    offer["prohibition"] = [{"action": "distribute"}]
    assert types("policy", "conflicts", "--json").json["verdict"] == "conflict"
    named = types("policy", "conflicts", "--lang", "de").out
    assert "Angebot urn:x:o (p@1, urn:x:d)" in named and "Vertrag urn:x:a (works, urn:x:d)" in named
    live["asset"] = "urn:x:other"  # what is forbidden of one dataset forbids nothing of another
    assert types("policy", "conflicts", "--json").json["verdict"] == "compatible"


def test_new_asks_in_the_language_and_overwrites_nothing(
    files: Path, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("urn:town:mine\n"))
    said = types("policy", "new", "--template", "ml-1-3", "--lang", "de")
    assert said.status == 0
    assert "Musterlastenheft" in said.err
    assert 'policy = "urn:town:mine"' in (files / "ml-1-3.toml").read_text()
    again = types("policy", "new", "--template", "ml-1-3", "--defaults", "--json")
    assert again.json["error"]["code"] == "file.exists"
    line = ("policy", "new", "--template", "ml-1-3", "--defaults", "--out", "-")
    assert 'policy = "urn:a:b"' in types(*line, "--answer", "policy=urn:a:b").out
    assert types(*line, "--answer", "nothing").status == 2
    assert types("policy", "new", "--template", "none", "--json").json["error"]["code"] == "template.unknown"
    assert types("policy", "lint", "ml-1-3.toml").status == 0


def test_an_answer_that_never_ends_is_not_waited_for(
    files: Path, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:
            assert size is not None
            assert size > 0
            return "x" * size

    monkeypatch.setattr(sys, "stdin", Endless())
    said = types("policy", "new", "--template", "ml-1-3", "--json")
    assert (said.status, said.json["error"]["code"]) == (1, "answer.long")
    assert not (files / "ml-1-3.toml").exists()


def test_templates_say_what_they_are_for(files: Path, types: Types) -> None:
    found = {one["name"]: one for one in types("policy", "templates", "--lang", "de", "--json").json}
    assert len(found) >= 20
    assert all(one["title"] and one["about"] and one["questions"] for one in found.values())


def test_what_a_form_cannot_carry_is_refused_by_name_and_place(files: Path, types: Types) -> None:
    (files / "x.toml").write_text(TRAFFIC.replace('action = "use"', 'action = "use"\nrefinement.resolution.lteq = 300'))
    said = types("policy", "convert", "x.toml", "--to", "dsp", "--json")
    assert (said.status, said.json["error"]["code"]) == (1, "form.carry")
    assert said.json["error"]["params"]["place"].startswith("/permission/0")
    assert types("policy", "convert", "x.toml", "--to", "jsonld").status == 0


ODD: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 8,
    "latin": 'policy = "urn:stra\u00dfe"'.encode("latin-1"),
    "deep": b"[" * 100_000,
    "broken": b'{"@context": 1',
    "list": b"[]",
    "number": b"7",
    "strange": b'{"@context": "https://stadt.example/eigener-kontext", "permission": 1}',
}
READS = {
    "lint": ("lint", "FILE"),
    "explain": ("explain", "FILE"),
    "simulate": ("simulate", "FILE"),
    "evaluate": ("evaluate", "FILE", "--request", "request.json"),
    "request": ("evaluate", "traffic.toml", "--request", "FILE"),
    "diff": ("diff", "traffic.toml", "FILE"),
    "conflicts": ("conflicts", "FILE"),
    "prove": ("prove", "no contract gives personal data for a commercial purpose", "FILE"),
    "convert": ("convert", "FILE", "--to", "dsp"),
    "add": ("add", "x", "--file", "FILE"),
}


@pytest.mark.parametrize("ending", ["toml", "json", "ttl", "jsonld"])
def test_a_file_that_is_no_policy_is_a_sentence_in_both_languages(files: Path, types: Types, ending: str) -> None:
    """`types` asserts that there is never a traceback; a defect would say that it should not have happened."""
    for odd, data in ODD.items():
        file = f"{odd}.{ending}"
        (files / file).write_bytes(data)
        for name, line in READS.items():
            words = ("policy", *(file if part == "FILE" else part for part in line))
            german, english = types(*words, "--lang", "de"), types(*words, "--json")
            if name == "evaluate":  # What is not understood permits nothing, and that is a decision.
                assert (english.status, english.json["decision"]) == (0, "deny"), odd
                assert english.json["reasons"][0]["params"]["place"], odd
                continue
            assert (german.status, english.status) == (1, 1), (odd, name)
            assert file in german.err, (odd, name, german.err)
            code = english.json["error"]["code"]
            assert code not in ("bug", "system"), (odd, name, code)
            if name == "lint":
                assert (english.json["valid"], english.json["findings"][0]["severity"]) == (False, "error"), odd


@pytest.mark.parametrize("data", [b"\xe4", b"[" * 100_000, b'{"body": "{"}', b'{"body": 3}', b"[3]"])
def test_a_log_that_is_none_names_its_line(files: Path, types: Types, data: bytes) -> None:
    (files / "log").write_bytes(b"\n" + data)
    said = types("policy", "simulate", "traffic.toml", "--replay", "log", "--json")
    assert (said.status, said.json["error"]["code"], said.json["error"]["params"]) == (
        1,
        "log.unreadable",
        {"line": "2"},
    )


def test_what_the_system_refuses_is_said_in_german(files: Path, types: Types) -> None:
    (files / "folder").mkdir()
    assert types("policy", "lint", "none.toml", "--lang", "de").err == "allmende: none.toml gibt es nicht.\n"
    assert "ist ein Verzeichnis" in types("policy", "lint", "folder", "--lang", "de").err
    with (files / "huge.toml").open("wb") as huge:
        huge.truncate((16 << 20) + 1)
    assert types("policy", "lint", "huge.toml", "--json").json["error"]["code"] == "file.large"


def test_a_template_is_described_and_an_unknown_one_points_to_the_list(files: Path, types: Types) -> None:
    one = types("policy", "templates", "ml-1-3", "--json").json
    assert [ask["key"] for ask in one["asks"]] == one["questions"]
    assert all(ask["text"] and ask["default"] for ask in one["asks"])
    assert "Gefragt wird" in types("policy", "templates", "ml-1-3", "--lang", "de").out
    for line in (("templates", "none"), ("new", "--template", "none")):
        said = types("policy", *line)
        assert (said.status, "allmende policy templates" in said.err) == (1, True)


def test_every_template_in_an_example_is_there(types: Types) -> None:
    from connector.cli.policy import policy
    from policies.template import names

    words = [line.split() for command in policy.commands.values() for line in command.examples]  # type: ignore[attr-defined]
    named = [line[line.index("--template") + 1] for line in words if "new" in line]
    assert named
    assert set(named) <= set(names())


def test_an_answer_that_cannot_be_read_is_asked_for_again(
    files: Path, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = iter(["urn:town:mine", "not a day", "2028-01-31"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))
    asked = ("provider", "consumer", "target", "purposes")
    found = {one["key"]: one["default"] for one in types("policy", "templates", "ml-1-3", "--json").json["asks"]}
    line = [part for key in asked for part in ("--set", f"{key}={found[key]}")]
    said = types("policy", "new", "--template", "ml-1-3", *line)
    assert (said.status, "not a day" in said.err) == (0, True)
    assert "2028-01-31" in (files / "ml-1-3.toml").read_text()


def test_new_says_what_is_an_example_still_and_what_comes_next(files: Path, types: Types) -> None:
    line = ("policy", "new", "--template", "dortmund-parking", "--defaults", "--lang", "de")
    mine = [f"--answer={key}=urn:stadt:{key}" for key in ("policy", "provider", "target")]
    said = types(*line, *mine)
    assert "bitte ersetzen: consumer\n" in said.out
    assert "allmende policy lint dortmund-parking.toml" in said.out
    wrong = types(*line, "-o", "x.toml", "--answer", "purposes=Werbung")
    assert (wrong.status, wrong.out) == (1, "")
    assert "Advertising (Werbung)" in wrong.err

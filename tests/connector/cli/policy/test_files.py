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
@pytest.mark.parametrize("name", OFFLINE)
def test_a_command_on_files_loads_nothing_heavy(files: Path, types: Types, name: str, form: str) -> None:
    file = f"given.{'toml' if form == 'toml' else 'json'}"
    assert types("policy", "convert", "traffic.toml", "--to", form, "--out", file).status == 0
    line = ["policy", *(file if part == "FILE" else part for part in OFFLINE[name])]
    code = f"""
import sys
from connector.cli.tree import run
status = run({line!r})
print([status, *(name for name in {HEAVY!r} if name in sys.modules)], file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=files)
    assert ran.stderr.strip().splitlines()[-1] == "[0]", ran.stderr


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
    live = {"id": "urn:x:o", "live": True, "document": offer}
    api.answers["GET /v1/offers"] = {"items": [live, {**live, "id": "urn:x:gone", "live": False}], "next": None}
    concluded = {"id": "urn:x:a", "in_force": True, "document": agreement}
    api.answers["GET /v1/contracts"] = {"items": [concluded, {**concluded, "in_force": False}], "next": None}
    assert types("policy", "conflicts", "--json").json["verdict"] == "compatible"
    said = types("policy", "prove", "no contract gives personal data for a commercial purpose", "--json")
    assert (said.status, said.json["answer"], said.json["error"]["code"]) == (1, "fails", "prove.fails")
    assert said.json["policy"] in ("urn:x:o", "urn:x:a")


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

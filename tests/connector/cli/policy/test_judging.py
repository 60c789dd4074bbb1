"""connector/cli/policy/judging.py and trying.py: decisions on files, their JSON, and what a log would have become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from tests.connector.cli.conftest import Types
from tests.connector.cli.policy.town import DATA, PLANNING, TRAFFIC, WORKS, request

EVALUATE = ("policy", "evaluate", "traffic.toml", "--request", "request.json")


def ask(files: Path, **values: Any) -> None:
    (files / "request.json").write_bytes(json.encode(request(**values)))


def test_evaluate_says_everything_that_is_asked_of_it(files: Path, types: Types) -> None:
    said = types(*EVALUATE, "--json")
    assert said.status == 0
    assert (said.json["decision"], said.json["reasons"]) == ("permit", [])
    permission, prohibition = said.json["rules"]
    assert {key: permission[key] for key in ("kind", "matches", "active")} == {
        "kind": "permission",
        "matches": True,
        "active": True,
    }
    assert [one["satisfied"] for one in permission["constraints"]] == [True, True]
    assert (prohibition["kind"], prohibition["matches"]) == ("prohibition", False)


def test_the_report_is_a_graph_of_one_policy(files: Path, types: Types) -> None:
    said = types(*EVALUATE, "--report", "--json")
    assert (said.status, said.json["@type"]) == (0, "report:PolicyReport")
    assert len(said.json["report:ruleReport"]) == 2
    assert json.decode(types(*EVALUATE, "--report").out) == said.json
    (files / "traffic.toml").write_text("")
    assert types(*EVALUATE, "--report", "--json").json["error"]["code"] == "term.missing"


def test_a_refusal_is_an_answer_and_no_failure(files: Path, types: Types) -> None:
    ask(files, count=4, purpose=None)
    said = types(*EVALUATE, "--json")
    assert (said.status, said.json["decision"]) == (0, "deny")
    assert sorted(one["satisfied"] is None for one in said.json["rules"][0]["constraints"]) == [False, True]
    ask(files, count=4)
    assert "The permitted uses are exhausted" in types(*EVALUATE).out
    assert "What would permit it" in types(*EVALUATE).out
    assert "Was es erlauben würde" in types(*EVALUATE, "--lang", "de").out


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (TRAFFIC.replace("[[permission]]", "[[permission"), "form.toml", "line"),
        (TRAFFIC.replace("purpose.isA", "purpose.foo"), "operator.unknown", "/permission"),
        ("", "term.missing", "/"),
    ],
)
def test_a_policy_that_is_not_understood_permits_nothing(
    files: Path, types: Types, text: str, code: str, place: str
) -> None:
    (files / "traffic.toml").write_text(text)
    said = types(*EVALUATE, "--json")
    assert (said.status, said.json["decision"], said.json["rules"]) == (0, "deny", [])
    (reason,) = said.json["reasons"]
    assert reason["code"] == code
    assert reason["params"]["place"].startswith(place)
    assert "refused" in types(*EVALUATE).out


@pytest.mark.parametrize(("text", "code"), [("{", "form.json"), ('{"who": "me"}', "term.unknown")])
def test_a_request_that_cannot_be_read_fails_with_its_code(files: Path, types: Types, text: str, code: str) -> None:
    (files / "request.json").write_text(text)
    said = types(*EVALUATE, "--json")
    assert said.status == 1
    assert "decision" not in said.json
    assert said.json["error"]["code"] == code
    assert said.json["error"]["params"]["place"]
    assert said.err.startswith("allmende: request.json")


def test_a_file_that_is_not_there_fails_too(files: Path, types: Types) -> None:
    said = types("policy", "evaluate", "none.toml", "--request", "request.json", "--json")
    assert (said.status, said.json["error"]["code"]) == (1, "file.unreadable")


def test_of_several_policies_one_has_to_permit_and_none_may_forbid(files: Path, types: Types) -> None:
    permits = {"@type": "Set", "uid": "urn:x:a", "permission": [{"action": "use", "target": DATA}]}
    silent = {"@type": "Set", "uid": "urn:x:b", "permission": [{"action": "use", "target": "urn:x:other"}]}
    forbids = {"@type": "Set", "uid": "urn:x:c", "prohibition": [{"action": "use", "target": DATA}]}
    context, profile = "http://www.w3.org/ns/odrl.jsonld", "http://www.w3.org/ns/odrl/2/"
    for others, decision in (((silent,), "permit"), ((silent, forbids), "deny"), ((forbids,), "deny")):
        graph = [{**one, "profile": profile} for one in (permits, *others)]
        (files / "both.jsonld").write_bytes(json.encode({"@context": context, "@graph": graph}))
        said = types("policy", "evaluate", "both.jsonld", "--request", "request.json", "--json")
        assert said.json["decision"] == decision, said
        assert len(said.json["rules"]) == len(graph)


def test_simulate_puts_a_request_together_from_words(files: Path, types: Types) -> None:
    line = ("policy", "simulate", "traffic.toml", "--as", WORKS, "--at", "2027-06-01", "--count", "0")
    said = types(*line, "--purpose", "PublicPolicyMaking", "--json").json
    assert (said["decision"], said["nearest"]) == ("permit", [])
    assert said["request"]["values"]["http://www.w3.org/ns/odrl/2/purpose"] == PLANNING
    assert (said["request"]["target"], said["request"]["assignee"]) == (DATA, WORKS)
    refused = types(*line, "--purpose", "Marketing", "--json").json
    assert (refused["decision"], len(refused["nearest"])) == ("deny", 1)
    assert types(*line, "--purpose", "no such thing", "--json").json["error"]["code"] == "terms.unreadable"
    assert types(*line, "--at", "tomorrow").status == 2
    assert types(*line, "--value", "nothing").status == 2


def audited(event: str, use: int, index: int) -> dict[str, Any]:
    params = {"dataset": DATA, "purpose": PLANNING, "use": str(use), "rule": "permission/0"}
    at = 1_800_000_000_000_000 + index
    return {"index": index, "at": at, "event": event, "actor": WORKS, "params": params, "leaf": ""}


def test_replay_lists_the_decisions_of_a_log_that_would_be_others(files: Path, types: Types) -> None:
    log = [audited("access.permitted", 1, 0), audited("access.permitted", 4, 1), audited("catalog.read", 1, 2)]
    lines = [json.encode(log), json.encode({"decision": "deny", "request": request()})]
    (files / "log.jsonl").write_bytes(b"\n\n".join(lines))
    said = types("policy", "simulate", "traffic.toml", "--replay", "log.jsonl", "--json")
    assert said.status == 0
    assert (said.json["replayed"], said.json["permit"], said.json["deny"]) == (3, 2, 1)
    assert [(one["line"], one["was"], one["is"]) for one in said.json["flipped"]] == [
        (1, "permit", "deny"),
        (3, "deny", "permit"),
    ]
    chosen = types("policy", "simulate", "traffic.toml", "--replay", "log.jsonl", "--as", "did:web:x", "--json")
    assert chosen.json["replayed"] == 0
    assert "was permitted, now refused" in types("policy", "simulate", "traffic.toml", "--replay", "log.jsonl").out


@pytest.mark.parametrize("line", ["nonsense", "3", '{"a": 1}', '{"decision": "maybe", "request": {}}'])
def test_a_log_that_cannot_be_read_names_its_line(files: Path, types: Types, line: str) -> None:
    (files / "log.jsonl").write_text(f"\n{line}\n")
    said = types("policy", "simulate", "traffic.toml", "--replay", "log.jsonl", "--json")
    assert (said.status, said.json["error"]["code"], said.json["error"]["params"]) == (
        1,
        "log.unreadable",
        {"line": "2"},
    )


def test_replay_reads_the_export_of_the_log_and_counts_where_it_did_not(files: Path, types: Types) -> None:
    entries = []
    for n in range(5):
        params = {"dataset": DATA, "purpose": PLANNING, "agreement": "urn:x:a", "status": "206" if n == 1 else "200"}
        entries.append({"at": 1_800_000_000_000_000 + n, "event": "access.permitted", "actor": WORKS, "params": params})
    body = [{"index": n, "salt": "", "leaf": "", "body": json.encode(one).decode()} for n, one in enumerate(entries)]
    (files / "audit.jsonl").write_bytes(b"\n".join(json.encode(one) for one in body))
    said = types("policy", "simulate", "traffic.toml", "--replay", "audit.jsonl", "--json").json
    assert (said["replayed"], [one["line"] for one in said["flipped"]]) == (5, [5])
    (reason,) = said["flipped"][0]["reasons"]
    assert reason["code"].startswith("count")


POLICY = """@prefix odrl: <http://www.w3.org/ns/odrl/2/> .
<urn:example:p> a odrl:Set ; odrl:uid <urn:example:p> ; odrl:permission <urn:example:r> .
<urn:example:r> odrl:action odrl:use ; odrl:target <urn:example:sensors> .
"""
USE = {"action": "http://www.w3.org/ns/odrl/2/use", "target": "urn:example:bridge"}


@pytest.mark.parametrize(
    ("more", "decision"),
    [
        ("", "deny"),
        ("<urn:example:bridge> odrl:partOf <urn:example:sensors> .", "permit"),
        ("<urn:example:bridge> odrl:partOf <urn:example:other> .", "deny"),
        ("<urn:example:sensors> a odrl:AssetCollection ; odrl:source <urn:example:network> .", "permit"),
    ],
)
def test_members_are_who_the_policy_or_the_request_says(files: Path, types: Types, more: str, decision: str) -> None:
    (files / "p.ttl").write_text(POLICY + more)
    members = {"urn:example:bridge": ["urn:example:network"]}
    (files / "request.json").write_bytes(json.encode(USE | {"members": members}))
    assert types("policy", "evaluate", "p.ttl", "--request", "request.json", "--json").json["decision"] == decision


def test_an_unknown_profile_stops_also_where_none_need_be_named(files: Path, types: Types) -> None:
    asks = ("policy", "evaluate", "p.ttl", "--request", "request.json", "--lenient", "--json")
    (files / "request.json").write_bytes(json.encode(USE | {"target": "urn:example:sensors"}))
    (files / "p.ttl").write_text(POLICY)
    assert types(*asks).json["decision"] == "permit"
    (files / "p.ttl").write_text(POLICY + "<urn:example:p> odrl:profile <urn:example:profile> .")
    said = types(*asks)
    assert (said.status, said.json["decision"], said.json["rules"]) == (0, "deny", [])
    assert said.json["reasons"][0]["code"] == "profile.unknown"


@pytest.mark.parametrize(
    ("written", "value", "decision"),
    [
        ("1.5e0", 1.5, "permit"),
        ("15E-1", 1.6, "deny"),
        ("1.5", "1.5", "permit"),
        ("2", 1.5, "permit"),
        ('"2e0"^^<http://www.w3.org/2001/XMLSchema#float>', 2, "permit"),
    ],
)
def test_numbers_as_turtle_writes_them(files: Path, types: Types, written: str, value: Any, decision: str) -> None:
    constraint = "odrl:constraint [ odrl:leftOperand <urn:example:o> ; odrl:operator odrl:lteq ; odrl:rightOperand {} ]"
    (files / "p.ttl").write_text(f"{POLICY}<urn:example:r> {constraint.format(written)} .")
    asked = USE | {"target": "urn:example:sensors", "values": {"urn:example:o": value}}
    (files / "request.json").write_bytes(json.encode(asked))
    said = types("policy", "evaluate", "p.ttl", "--request", "request.json", "--lenient", "--json")
    assert said.json["decision"] == decision


@pytest.mark.parametrize("written", ["true", '"1"^^<http://www.w3.org/2001/XMLSchema#boolean>'])
def test_truths_in_both_ways_of_writing_them(files: Path, types: Types, written: str) -> None:
    constraint = "odrl:constraint [ odrl:leftOperand <urn:example:o> ; odrl:operator odrl:eq ; odrl:rightOperand {} ]"
    (files / "p.ttl").write_text(f"{POLICY}<urn:example:r> {constraint.format(written)} .")
    for value, decision in ((True, "permit"), ("1", "permit"), (False, "deny"), ("perhaps", "deny")):
        asked = USE | {"target": "urn:example:sensors", "values": {"urn:example:o": value}}
        (files / "request.json").write_bytes(json.encode(asked))
        said = types("policy", "evaluate", "p.ttl", "--request", "request.json", "--lenient", "--json")
        assert said.json["decision"] == decision


ROADS = """
policy = "urn:city:roads"
target = "urn:city:data"
[[permission]]
action = "use"
purpose.isA = ["PublicPolicyMaking", "ScientificResearch"]
season.isPartOf = "11-01/03-31"
[[permission.duty]]
action = "suppress"
field = "driver"
[[prohibition]]
action = "distribute"
"""


def test_simulate_names_rules_and_conditions_in_words_and_knows_what_the_node_does(files: Path, types: Types) -> None:
    (files / "roads.toml").write_text(ROADS)
    line = ("policy", "simulate", "roads.toml", "--as", WORKS, "--purpose", "ScientificResearch", "--lang", "de")
    winter = types(*line, "--at", "2027-01-10")
    assert "erlaubt" in winter.out and "_:" not in winter.out and "Politik" not in winter.out
    summer = types(*line, "--at", "2027-07-10")
    assert "_:" not in summer.out
    assert "im Zeitraum 1. November bis 31. März" in summer.out.splitlines()[-3]
    assert "Zeitpunkt: 01.11.2027 00:00:00 Uhr" in summer.out
    unasked = types(*line[:3], "--at", "2027-07-10", "--lang", "de")
    assert "(unbekannt)" in unasked.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as", "Stadtwerke"), "keine DID"),
        (("--action", "lesen"), "meinten Sie read?"),
        (("--performed", "vergröbern"), "meinten Sie coarsen?"),
        (("--value", "crisisLevle=2"), "meinten Sie crisisLevel?"),
        (("--value", "crisisLevel=hoch"), "Eine ganze Zahl"),
        (("--purpose", "Werbung"), "Advertising"),
        (("--where", "Dresden"), "Ziffern eines Gemeindeschlüssels"),
    ],
)
def test_simulate_takes_nothing_that_nobody_knows(files: Path, types: Types, words: tuple[str, str], said: str) -> None:
    (files / "roads.toml").write_text(ROADS)
    told = types("policy", "simulate", "roads.toml", *words, "--lang", "de")
    assert (told.out, told.status != 0) == ("", True)
    assert said in told.err

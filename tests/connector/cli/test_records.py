"""Contracts, transfers, audit, operators, status: what is sent, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connector.cli.api import Api, Raw, negotiation
from tests.connector.cli.conftest import Types
from tests.connector.cli.test_lives import LIFE, SENTENCE

CONTRACT = {
    "id": "urn:uuid:0-c0ffee00",
    "negotiation": "urn:uuid:n",
    "role": "consumer",
    "peer": "did:web:n",
    "peer_name": None,
    "dataset": "https://n/datasets/trees",
    "hash": "ab" * 32,
    "document": {"@type": "Agreement"},
    "sentences": ["Any use."],
    "concluded": 0,
    "in_force": True,
    "ended": None,
    "signed": {"provider": True, "consumer": True, "sentence": "Signed by both."},
    "life": {**LIFE, "earliest": 1_799_000_000_000_000, "replaces": "urn:uuid:before"},
    "notices": [{"at": 0, "sentence": "We have given notice. It was accepted."}],
}
TRANSFER = {**negotiation(state="STARTED"), "contract": CONTRACT["id"], "format": "HttpData-PULL"}
ENTRY = {"index": 0, "at": 0, "event": "node.started", "actor": "node", "params": {"a": "b"}, "leaf": "00"}
VERDICT = {"ok": True, "entries": 3, "root": "ab", "findings": [], "agreeing": ["did:web:n"], "silent": []}
STATUS = {
    "id": "did:web:here",
    "public_url": "https://here",
    "version": "0.1.0",
    "words": "bilip-hafup",
    "health": {
        "status": "degraded",
        "checks": [
            {"name": "disk", "reason": {"code": "x", "params": {}, "sentence": "The disk is full."}},
            {"name": "clock", "reason": None},
        ],
    },
    "outbox": [
        {
            "peer": "did:web:n",
            "name": None,
            "waiting": 2,
            "in_flight": 0,
            "oldest": 0,
            "attempts": 4,
            "reason": {"code": "y", "params": {}, "sentence": "Nobody answers."},
        }
    ],
    "counts": {"contracts": 7},
}


def test_contracts(api: Api, types: Types) -> None:
    api.answers["GET /v1/contracts"] = {"items": [CONTRACT], "next": None}
    api.answers["GET /v1/contracts/c0ffee00"] = CONTRACT
    assert types("contract", "list").out.splitlines()[1].startswith("c0ffee00  did:web:n")
    shown = types("contract", "show", "c0ffee00").out
    assert CONTRACT["hash"] in shown
    assert "  - Any use." in shown
    assert '"@type": "Agreement"' in shown
    assert SENTENCE in shown
    assert "We have given notice. It was accepted." in shown
    assert "urn:uuid:before" in shown
    api.answers["GET /v1/contracts?expiring=60.0&peer=n"] = {"items": [CONTRACT], "next": None}
    assert "c0ffee00" in types("contract", "list", "--expiring", "60d", "--peer", "n").out
    explained = types("contract", "explain", "c0ffee00").out
    assert "Any use." in explained
    assert SENTENCE in explained


@pytest.mark.parametrize(
    ("command", "args", "body"),
    [
        ("suspend", ["--reason", "Noon"], {"reason": "Noon"}),
        ("terminate", [], {"reason": ""}),
        ("resume", [], {}),
        ("complete", [], {}),
    ],
)
def test_transfers(api: Api, types: Types, command: str, args: list[str], body: dict[str, str]) -> None:
    api.answers[f"POST /v1/transfers/aaaabbbb/{command}"] = TRANSFER
    assert "STARTED" in types("transfer", command, "aaaabbbb", *args).out
    assert api.asked[0].body == body


PULLED = {
    "kind": "pull", "access": "renewed", "expires": 1_800_000_000_000_000, "renewals": 2, "url": "", "every": 0.0,
    "deliveries": 0, "part": 0, "bytes": 0, "total": 0, "finished": None, "due": None, "why": "",
}  # fmt: skip
PUSHED = {
    **PULLED, "kind": "push", "access": "", "expires": None, "url": "https://app.example/in", "every": 900.0,
    "deliveries": 3, "part": 2, "bytes": 8_000_000, "total": 40_000_000, "finished": 1_800_000_000_000_000,
    "due": 1_800_000_900_000_000, "why": "push.unanswered",
}  # fmt: skip


def test_how_data_move(api: Api, types: Types) -> None:
    api.answers["GET /v1/transfers/aaaabbbb"] = {**TRANSFER, "flow": PULLED}
    assert "a token that is renewed" in types("transfer", "show", "aaaabbbb").out
    api.answers["GET /v1/transfers/aaaabbbb"] = {**TRANSFER, "flow": {**PULLED, "access": "lasting", "expires": None}}
    assert "ein Token" not in types("transfer", "show", "aaaabbbb").out
    assert "einem Token, das bleibt" in types("transfer", "show", "aaaabbbb", "--lang", "de").out
    api.answers["GET /v1/transfers/aaaabbbb"] = {**TRANSFER, "flow": PUSHED}
    said = types("transfer", "show", "aaaabbbb").out
    for part in ("delivered by the provider", "https://app.example/in", "900 s", "3 (40", "push.unanswered"):
        assert part in said, part


def test_deliveries_are_asked_for(api: Api, types: Types) -> None:
    api.answers["POST /v1/transfers"] = TRANSFER
    said = types("subscribe", "c0ffee00", "--push", "inbox", "--every", "PT15M").out
    assert "transfer show" in said
    assert api.asked[-1].body == {"contract": "c0ffee00", "push": True, "to": "", "every": "PT15M"}
    types("subscribe", "c0ffee00", "--push", "https://app.example/in")
    assert api.asked[-1].body["to"] == "https://app.example/in"
    for wrong in ([], ["--into", "files:/x", "--push", "inbox"], ["--into", "files:/x", "--every", "PT1M"],
                  ["--push", "inbox", "--where", "a > 1"]):  # fmt: skip
        assert types("subscribe", "c0ffee00", *wrong).status == 2, wrong


def test_transfers_are_shown(api: Api, types: Types) -> None:
    api.answers["GET /v1/transfers?state=STARTED"] = {"items": [TRANSFER], "next": None}
    api.answers["GET /v1/transfers/aaaabbbb"] = TRANSFER
    assert "c0ffee00" in types("transfer", "list", "--state", "STARTED").out
    assert types("transfer", "show", "aaaabbbb", "--json").json == TRANSFER


def test_the_log(api: Api, types: Types) -> None:
    api.answers["GET /v1/audit?after=4&limit=1"] = {"items": [ENTRY], "next": None}
    assert "node.started  node  a=b" in types("audit", "log", "--after", "4", "--limit", "1").out


def test_a_whole_log(api: Api, types: Types) -> None:
    api.answers["GET /v1/audit/verify"] = VERDICT
    said = types("audit", "verify")
    assert (said.status, said.err) == (0, "")
    assert "did:web:n" in said.out


def test_a_broken_log_is_a_failure_with_its_findings(api: Api, types: Types) -> None:
    finding = {"code": "audit.leaf", "params": {}, "sentence": "Entry 2 was changed."}
    api.answers["GET /v1/audit/verify"] = {**VERDICT, "ok": False, "findings": [finding]}
    said = types("audit", "verify")
    assert said.status == 1
    assert "Entry 2 was changed." in said.out
    told = types("audit", "verify", "--json").json
    assert told["findings"] == [finding]
    assert told["error"]["code"] == "audit.broken"


def test_export(api: Api, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from connector.cli.tree import run

    lines = b'{"index":0}\n{"index":1}\n'
    api.answers["GET /v1/audit/export"] = Raw(lines)
    assert run(["audit", "export", "-o", "log.ndjson"]) == 0
    assert Path("log.ndjson").read_bytes() == lines
    capfdbinary.readouterr()
    assert run(["audit", "export"]) == 0
    assert capfdbinary.readouterr()[0] == lines


def test_a_credential_goes_to_a_file_and_nowhere_else(api: Api, types: Types) -> None:
    issued = {"name": "maria", "role": "steward", "created": 0, "token": "hush"}
    api.answers["POST /v1/operators"] = (201, issued)
    said = types("operator", "add", "maria", "--role", "steward", "--token-file", "maria.token", "--json")
    assert "hush" not in said.out + said.err
    assert Path("maria.token").read_text() == "hush\n"
    assert Path("maria.token").stat().st_mode & 0o777 == 0o600
    again = types("operator", "add", "maria", "--role", "steward", "--token-file", "maria.token")
    assert again.status == 1
    assert len(api.asked) == 1, "a file that exists is found out before anybody is added"


def test_no_operator_no_file(api: Api, types: Types) -> None:
    assert types("operator", "add", "x", "--role", "admin", "--token-file", "x.token").status == 1
    assert not Path("x.token").exists()
    assert types("operator", "add", "x", "--role", "king", "--token-file", "x.token").status == 2


def test_operators(api: Api, types: Types) -> None:
    api.answers["GET /v1/operators"] = {"items": [{"name": "maria", "role": "admin", "created": 0}], "next": None}
    api.answers["DELETE /v1/operators/maria"] = (204, None)
    assert types("operator", "list").out.splitlines()[1].startswith("maria  admin")
    assert types("operator", "remove", "maria").status == 0


def test_status(api: Api, types: Types) -> None:
    api.answers["GET /v1/status"] = STATUS
    said = types("status").out
    for expected in ("did:web:here", "bilip-hafup", "disk: The disk is full.", "Nobody answers.", "contracts    7"):
        assert expected in said
    api.answers["GET /v1/status"] = {**STATUS, "outbox": []}
    assert "No message waits" in types("status").out

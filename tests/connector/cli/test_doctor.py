"""`allmende doctor`: a stopped node from its directory, a running one over its API, a peer that calls back."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.store.lock import DirectoryLock
from tests.connector.cli.api import Api, problem
from tests.connector.cli.conftest import Types

FINDING = {
    "code": "reach.name",
    "params": {"host": "a.example"},
    "sentence": "The name a.example does not resolve.",
    "mend": "Enter a.example in the DNS.",
}


def a_node(types: Types) -> None:
    types("init", "city", "--public-url", "http://127.0.0.1:1", "--lab", "--port", "0", "--management-port", "9")


def test_a_stopped_node_is_examined_from_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: Types
) -> None:
    monkeypatch.chdir(tmp_path)
    a_node(types)
    said = types("doctor", "city")
    assert (said.status, said.out.splitlines()[2::2]) == (0, ["Nothing is wrong.", "Start it with: allmende serve DIR"])
    assert types("doctor").status == 0, "the only node in the working directory"
    Path("city/token").chmod(0o644)
    said = types("doctor", "city", "--lang", "de")
    assert said.status == 1
    assert "chmod 0600 city/token" in said.out
    told = types("doctor", "city", "--json")
    assert [one["code"] for one in told.json["findings"]] == ["doctor.file_mode"]
    assert told.json["error"]["code"] == "doctor.findings"


def test_wrong_settings_are_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: Types) -> None:
    monkeypatch.chdir(tmp_path)
    a_node(types)
    Path("city/allmende.toml").write_text("public_url = 'http://127.0.0.1:1'\n[public]\nprt = 3\n")
    said = types("doctor", "city")
    assert said.status == 1
    assert "prt" in said.out
    assert types("doctor", "elsewhere").status == 1


def test_a_node_that_runs_but_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: Types) -> None:
    monkeypatch.chdir(tmp_path)
    a_node(types)
    lock = DirectoryLock("city")
    try:
        told = types("doctor", "city", "--json").json
    finally:
        lock.release()
    assert told["findings"][-1]["code"] == "doctor.silent_node"


def test_a_node_by_url_examines_itself(api: Api, types: Types) -> None:
    api.answers["POST /v1/doctor"] = [{"running": True, "findings": []}, {"running": True, "findings": [FINDING]}]
    assert types("doctor").status == 0
    said = types("doctor")
    assert said.status == 1
    assert "The name a.example does not resolve." in said.out
    assert "Enter a.example in the DNS." in said.out


def test_a_peer_calls_back(api: Api, types: Types) -> None:
    api.answers["POST /v1/peers/utility/probe"] = [
        {"peer": "utility", "broken": None},
        {"peer": "utility", "broken": FINDING},
        {"peer": "utility", "broken": FINDING},
        (502, problem("peer.unreachable", "The peer cannot be reached.")),
    ]
    assert "every link" in types("doctor", "--from", "utility").out
    said = types("doctor", "--from", "utility")
    assert (said.status, FINDING["sentence"] in said.out) == (1, True)
    assert types("doctor", "--from", "utility", "--json").json["broken"] == FINDING
    assert types("doctor", "--from", "utility").err.startswith("allmende: The peer cannot be reached.")

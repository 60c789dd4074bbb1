"""Watching and subscribing: rows as they come, and why they stop."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import json

from connector.cli import flows
from tests.connector.cli.api import Api, Raw, problem
from tests.connector.cli.conftest import Types

PATH = "GET /v1/contracts/c0ffee00/live"
ID = "urn:uuid:01900000-0000-7000-8000-00000000abcd"
ONE = {
    "id": ID, "contract": "urn:uuid:01900000-0000-7000-8000-0000c0ffee00", "peer": "did:web:x", "into": "files",
    "settings": {"path": "/srv/air"}, "state": "running", "rows": 7, "batches": 2, "gaps": 0,
    "moved": 1_700_000_000_000_000, "created": 1_700_000_000_000_000, "created_by": "admin", "reason": None,
}  # fmt: skip


def end(code: str) -> dict[str, Any]:
    return {"end": {"code": code, "params": {}, "sentence": f"It is {code}."}}


def lines(*told: dict[str, Any]) -> Raw:
    return Raw(b"".join(json.encode(one) + b"\n" for one in told))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.time, "sleep", lambda seconds: None)


def test_rows_go_into_a_pipe_as_json_and_a_broken_stream_goes_on_behind_the_last(api: Api, types: Types) -> None:
    api.answers[PATH] = lines({"mark": "m0"}, {"row": {"n": 1}, "mark": "m1"}, end("peer.disconnected"))
    api.answers[f"{PATH}?after=m1"] = [
        (502, problem("peer.unreachable", "The peer is away.")),
        lines({"gap": True}, {"row": {"n": 2}, "mark": "m2"}, end("agreement.ended")),
    ]
    said = types("watch", "c0ffee00")
    assert said.out.splitlines() == ['{"n":1}', '{"n":2}']
    assert said.status == 1
    for part in ("Trying again", "The peer is away", "Rows may be missing", "It is agreement.ended."):
        assert part in said.err


def test_a_person_sees_a_table(api: Api, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "is_looked_at", lambda: True)
    feature = {"type": "Feature", "properties": {"n": 3}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
    api.answers[f"{PATH}?filter=n+%3E+0&limit=3"] = lines(
        {"row": {"n": 1, "name": "a\x1b[2J"}, "mark": "x"}, {"row": {"n": 22, "name": None}, "mark": "y"},
        {"row": feature, "mark": "z"}, end("live.done"),
    )  # fmt: skip
    said = types("watch", "c0ffee00", "--where", "n > 0", "--limit", "3")
    assert said.status == 0
    assert [line.split() for line in said.out.splitlines()][::3] == [["n", "name"], ["n", "geometry"]]
    assert "\x1b" not in said.out


def test_ctrl_c_ends_it_plainly(api: Api, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(flows.time, "sleep", stop)
    api.answers[PATH] = lines({"row": {"n": 1}, "mark": "m1"}, end("unavailable"))
    said = types("watch", "c0ffee00")
    assert (said.status, "Stopped after 1 rows." in said.err) == (0, True)


def test_a_refusal_is_an_end(api: Api, types: Types) -> None:
    api.answers[PATH] = (403, problem("live.unwatchable", "These data cannot be watched."))
    said = types("watch", "c0ffee00")
    assert (said.status, said.out) == (1, "")
    assert "cannot be watched" in said.err


def test_subscribing(api: Api, types: Types) -> None:
    api.answers["POST /v1/subscriptions"] = (201, ONE)
    said = types("subscribe", "c0ffee00", "--into", "files:/srv/air", "--set", "format=csv", "--columns", "n")
    assert "runs" in said.out
    assert api.asked[-1].body == {
        "contract": "c0ffee00", "into": "files:/srv/air", "settings": {"format": "csv"}, "filter": "",
        "properties": "n",
    }  # fmt: skip
    assert types("subscribe", "c0ffee00", "--into", "files:/x", "--set", "format").status == 2


def test_looking_pausing_and_removing(api: Api, types: Types) -> None:
    failing = {**ONE, "state": "paused", "reason": {"code": "sink.status", "params": {}, "sentence": "Not taken."}}
    api.answers["GET /v1/subscriptions?limit=1000"] = {"items": [ONE], "next": None}
    api.answers["GET /v1/subscriptions"] = {"items": [ONE], "next": None}
    api.answers["GET /v1/subscriptions/0000abcd"] = failing
    api.answers["POST /v1/subscriptions/0000abcd/pause"] = failing
    api.answers["POST /v1/subscriptions/0000abcd/resume"] = ONE
    api.answers["DELETE /v1/subscriptions/0000abcd"] = Raw(b"", status=204)
    assert "files" in types("subscription", "list").out
    assert "Not taken." in types("subscription", "show", "0000abcd").out
    assert types("subscription", "pause", "0000abcd").status == 0
    assert types("subscription", "resume", "0000abcd", "--json").json["state"] == "running"
    assert types("subscription", "remove", "0000abcd").status == 0

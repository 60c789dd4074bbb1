"""key and audit reconcile: what is sent, what is shown."""

from __future__ import annotations

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types

COMPARED = {
    "peer": "did:web:n",
    "supported": True,
    "contracts": 3,
    "differences": [],
    "released": ["urn:a"],
    "held": ["urn:b"],
    "reinstated": [],
    "ended": [],
}


def test_keys_are_listed_and_rotated(api: Api, types: Types) -> None:
    form = {"form": "", "since": None, "until": None, "destroyed": None}
    used = {**form, "name": "grant", "thumbprint": "ab" * 16, "state": "used"}
    gone = {**form, "name": "grant", "thumbprint": "cd" * 16, "state": "gone", "destroyed": 0}
    next_ = {**form, "name": "token-2", "thumbprint": "ef" * 16, "state": "next", "since": 86_400_000_000}
    api.answers["GET /v1/keys"] = {"items": [used, gone, next_], "next": None}
    said = types("key", "list")
    for shown in ("ab" * 16, "1970-01-01", "1970-01-02", "next"):
        assert shown in said.out
    api.answers["POST /v1/keys/grant/rotate"] = used
    assert "ab" * 16 in types("key", "rotate", "grant").out
    api.answers["POST /v1/keys/token/rotate"] = next_
    assert "1970-01-02" in types("key", "rotate", "token", "--kind", "ed25519").out
    assert types("key", "rotate", "seal").status == 2


def test_a_comparison_is_shown_and_a_difference_is_a_failure(api: Api, types: Types) -> None:
    api.answers["POST /v1/peers/n/reconcile"] = COMPARED
    said = types("audit", "reconcile", "n")
    assert (said.status, "urn:a" in said.out) == (0, True)
    different = {"code": "reconcile.unknown_there", "params": {}, "sentence": "Contract urn:c: unknown to the peer."}
    api.answers["POST /v1/peers/n/reconcile"] = {**COMPARED, "differences": [different]}
    said = types("audit", "reconcile", "n")
    assert said.status == 1
    assert "unknown to the peer" in said.out
    told = types("audit", "reconcile", "n", "--json").json
    assert told["error"]["code"] == "reconcile.differs"
    assert told["contracts"] == 3

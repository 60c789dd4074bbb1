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


def test_keys_are_listed_and_renewed(api: Api, types: Types) -> None:
    used = {"name": "grant", "thumbprint": "ab" * 16, "destroyed": None}
    gone = {"name": "grant", "thumbprint": "cd" * 16, "destroyed": 0}
    api.answers["GET /v1/keys"] = {"items": [used, gone], "next": None}
    said = types("key", "list")
    assert "ab" * 16 in said.out
    assert "1970-01-01" in said.out
    api.answers["POST /v1/keys/grant/renew"] = used
    assert "ab" * 16 in types("key", "renew", "grant").out
    assert types("key", "renew", "token").status == 2


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

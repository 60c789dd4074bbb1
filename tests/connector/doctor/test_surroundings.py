"""Tests of connector.doctor.surroundings: what the keys that a peer shows say beside the pinned ones."""

from __future__ import annotations

from certs import keys
from connector.doctor.surroundings import Visit, changed
from connector.protocol.messages import JsonObject
from connector.records import Participant

OURS, OTHERS = keys.generate(), keys.generate()
PINNED: dict[str, JsonObject] = {"did:web:n.example#token": OURS.token_jwk, "did:web:n.example#audit": OURS.audit_jwk}
NEXT: dict[str, JsonObject] = {"did:web:n.example#token-2": OTHERS.token_jwk}


def told(shown: dict[str, JsonObject]) -> list[str]:
    peer = Participant(
        id="did:web:n.example",
        name="n",
        url="https://n.example",
        base="https://n.example",
        keys=PINNED,
        words="",
        added=0,
        added_by="admin",
    )
    return [one.code for one in changed([Visit(peer=peer, keys=shown)])]


def test_a_key_that_is_to_follow_is_no_alarm() -> None:
    assert told(PINNED | NEXT) == []


def test_other_keys_are_one() -> None:
    assert told(PINNED | {"did:web:n.example#token": OTHERS.token_jwk}) == ["doctor.peer_keys"]
    assert told(NEXT) == ["doctor.peer_keys"]

"""certs/ring.py: there is always one key of a kind that signs, whatever happens to the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certs import keys, ring
from certs.ring import Key, Kind, Ring, RingError

JWKS = [keys.public_jwk(keys.draw("token")) for _ in range(12)]


def key(name: str, kind: Kind = "token", n: int = 0) -> Key:
    return Key(name=name, kind=kind, jwk=JWKS[n], state="next", made=n, since=n + 10)


BEGUN = ring.begun([key("token"), key("audit", "audit", 1)])


def test_a_key_is_next_then_signs_then_is_published_then_gone() -> None:
    made = ring.added(BEGUN, key("token-2", n=2))
    assert [one.name for one in made.published()] == ["token", "audit", "token-2"]
    assert made.signing("token") == BEGUN.signing("token")
    with pytest.raises(RingError, match=r"key\.waiting"):
        ring.added(made, key("token-3", n=3))
    turned = ring.switched(made, "token-2", 20, 99)
    signing = turned.signing("token")
    assert signing is not None
    assert (signing.name, signing.since) == ("token-2", 20)
    assert [(one.name, one.until) for one in turned.of("token", "published")] == [("token", 99)]
    assert [one.name for one in turned.secret()] == ["audit", "token-2"], "what signs no more is not kept"
    gone = ring.withdrawn(turned, ["token"], 100)
    assert [one.name for one in gone.published()] == ["audit", "token-2"]
    assert gone.following("token") == "token-3"
    assert gone.following("token", ["token-7", "audit-9"]) == "token-8"
    with pytest.raises(RingError):
        ring.withdrawn(gone, ["token-2"], 101)


def test_in_an_emergency_every_other_key_of_the_kind_is_revoked() -> None:
    made = ring.added(ring.switched(ring.added(BEGUN, key("token-2", n=2)), "token-2", 5, 99), key("token-3", n=3))
    after = ring.replaced(made, key("token-4", n=4), 7)
    assert [(one.name, one.state, one.revoked) for one in after.of("token")] == [
        ("token", "gone", True),
        ("token-2", "gone", True),
        ("token-3", "gone", True),
        ("token-4", "signs", False),
    ]
    assert after.of("audit") == BEGUN.of("audit")


@given(st.lists(st.sampled_from(["add", "turn", "withdraw", "revoke"]), max_size=10))
def test_every_way_through_is_written_and_read_again(steps: list[str]) -> None:
    made, number = BEGUN, 1
    for step in steps:
        number += 1
        coming = made.of("token", "next")
        if step == "add" and not coming:
            made = ring.added(made, key(made.following("token"), n=number))
        elif step == "turn" and coming:
            made = ring.switched(made, coming[0].name, number, number + 5)
        elif step == "withdraw":
            made = ring.withdrawn(made, [one.name for one in made.of("token", "published")], number)
        elif step == "revoke":
            made = ring.replaced(made, key(made.following("token"), n=number), number)
        assert ring.read(ring.write(made)) == made == ring.checked(made)
        assert len(made.of("token", "signs")) == 1


@pytest.mark.parametrize(
    "broken",
    [
        Ring(),
        Ring(keys=BEGUN.keys[:1]),
        Ring(keys=(*BEGUN.keys, BEGUN.keys[0])),
        Ring(keys=(replace(BEGUN.keys[0], state="next"), BEGUN.keys[1])),
        Ring(keys=(replace(BEGUN.keys[0], name="audit-2"), BEGUN.keys[1])),
    ],
)
def test_a_ring_that_cannot_be_is_not_read(broken: Ring) -> None:
    with pytest.raises(RingError):
        ring.read(ring.write(broken))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"{}", b"\xff", b'{"keys":[{"name":1}]}'])
def test_what_is_no_ring_is_not_read(data: bytes) -> None:
    with pytest.raises(RingError):
        ring.read(data)

"""certs/handover.py: which keys follow which, and what no statement can do."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from certs import handover, jwk, jws, keys
from certs.handover import Accepted, Both, Change, HandoverError, Refused, Succession
from certs.jwk import Jwk
from certs.keys import Private

TOWN, OTHER, REGION = "did:web:town.example", "did:web:other.example", "did:web:region.example"
PRIVATE: dict[str, Private] = {
    name: keys.draw("audit" if name == "audit" else "token")
    for name in ("token", "token-2", "token-3", "audit", "audit-2", "stolen", "issuer")
}


def public(*names: str, did: str = TOWN) -> dict[str, Jwk]:
    return {f"{did}#{name}": keys.public_jwk(PRIVATE[name]) for name in names}


def prints(*names: str) -> tuple[str, ...]:
    return tuple(jwk.thumbprint(keys.public_jwk(PRIVATE[name])) for name in names)


def change(before: tuple[str, ...], after: tuple[str, ...], number: int = 1, revoked: tuple[str, ...] = ()) -> Change:
    named = tuple(handover.named(id, key) for id, key in public(*after).items())
    return Change(did=TOWN, before=prints(*before), after=named, at=7, number=number, revoked=prints(*revoked))


def signed(by: str, said: Change, did: str = TOWN) -> str:
    return handover.sign_change(PRIVATE[by], f"{did}#{by}", said)


FIRST = ("token", "audit")
NEXT = signed("token", change(FIRST, ("token", "token-2", "audit")))


def followed(
    found: dict[str, Jwk], *statements: str, known: tuple[str, ...] = FIRST, number: int = 0, region: bool = False
) -> Accepted | Refused:
    regions = {f"{REGION}#issuer": jwk.read(keys.public_jwk(PRIVATE["issuer"]))} if region else {}
    return handover.follow(TOWN, public(*known), number, found, statements, regions)


def test_a_known_key_vouches_for_the_next() -> None:
    assert followed(public("token", "token-2", "audit"), NEXT) == Accepted(number=1, by=(f"{TOWN}#token",))
    assert followed(public("token-2", "audit"), NEXT) == Accepted(number=1, by=(f"{TOWN}#token",)), (
        "the old one is gone"
    )


def test_without_a_statement_only_fewer_keys_are_believed() -> None:
    assert followed(public("token")) == Accepted(number=0)
    assert followed(public("token-2", "audit")) == Refused(code="keys.unproved")
    assert followed(public("audit", "token", "token-2")) == Refused(code="keys.unproved")


def test_who_was_away_follows_several_changes_in_their_order() -> None:
    later = signed("token-2", change(("token-2", "audit"), ("token-2", "token-3", "audit"), 2))
    assert followed(public("token-3", "audit"), later, NEXT) == Accepted(
        number=2, by=(f"{TOWN}#token", f"{TOWN}#token-2")
    )
    assert isinstance(followed(public("token-3", "audit"), later), Refused), "a link is missing"


def test_a_revoked_key_vouches_for_nothing() -> None:
    own = signed("token", change(FIRST, ("token-2", "audit"), 1, ("token",)))
    assert followed(public("token-2", "audit"), own) == Refused(code="keys.unproved"), "a thief would say the same"
    clean = signed("audit", change(FIRST, ("token-2", "audit"), 1, ("token",)))
    assert isinstance(followed(public("token-2", "audit"), clean), Accepted)
    thief = signed("token", change(FIRST, ("stolen", "audit"), 2))
    assert isinstance(followed(public("stolen", "audit"), clean, thief), Refused)
    assert followed(public("token", "audit"), clean) == Refused(code="keys.revoked"), "it cannot come back either"


def test_an_old_statement_brings_no_key_back() -> None:
    """The audit key has introduced `token-2`, which has gone since and is stolen now."""
    old = signed("audit", change(FIRST, ("token-2", "audit"), 1, ("token",)))
    known = ("token-3", "audit")
    assert isinstance(followed(public("token-2", "audit"), old, known=known), Accepted), "were it not for the number"
    assert isinstance(followed(public("token-2", "audit"), old, known=known, number=2), Refused)


def test_nobody_else_vouches() -> None:
    said = change(FIRST, ("stolen", "audit"))
    for wrong in (
        signed("stolen", said),
        handover.sign_change(PRIVATE["stolen"], f"{TOWN}#token", said),
        signed("issuer", said, REGION),
        signed("token", said, OTHER),
        signed("token", replace(said, did=OTHER)),
        signed("token", replace(said, before=prints("audit"))),
        NEXT[:-4] + "AAAA",
        "nonsense",
    ):
        assert isinstance(followed(public("stolen", "audit"), wrong), Refused), wrong


def test_a_region_vouches_for_a_member_that_has_lost_its_keys() -> None:
    said = signed("issuer", change((), ("token-2", "audit-2")), REGION)
    new = public("token-2", "audit-2")
    assert isinstance(followed(new, said), Refused)
    assert followed(new, said, region=True) == Accepted(number=1, by=(f"{REGION}#issuer",))
    assert isinstance(followed(new, said, region=True, number=1), Refused), "not twice"


def test_a_key_under_another_name_is_another_key() -> None:
    """The key for heads must not pass for one that signs messages."""
    assert isinstance(followed({f"{TOWN}#token": keys.public_jwk(PRIVATE["audit"])}), Refused)


@pytest.mark.parametrize(
    "broken",
    [
        {"did": ""},
        {"to": []},
        {"to": [{"kty": "EC"}]},
        {"to": [{**public("token")[f"{TOWN}#token"], "kid": f"{OTHER}#token"}]},
        {"to": [{**public("token")[f"{TOWN}#token"], "kid": f"{TOWN}#token", "d": "AAAA"}]},
        {"from": ["x"]},
        {"number": 0},
        {"number": "1"},
    ],
)
def test_what_cannot_be_read_is_as_if_not_there(broken: dict[str, object]) -> None:
    import msgspec

    said = {**msgspec.to_builtins(change(FIRST, ("token-2", "audit"))), **broken}
    token = jws.sign(PRIVATE["token"], {"kid": f"{TOWN}#token", "typ": handover.KEYS_TYPE}, msgspec.json.encode(said))
    assert isinstance(followed(public("token-2", "audit"), token), Refused)


def test_a_succession_takes_both() -> None:
    new = tuple(handover.named(id, key) for id, key in public("token-3", did=OTHER).items())
    said = Succession(did=TOWN, successor=OTHER, url="https://other.example", keys=new, at=1)
    leaving = handover.sign_succession(PRIVATE["token"], f"{TOWN}#token", said)
    taking = handover.sign_succession(PRIVATE["token-3"], f"{OTHER}#token-3", said)
    may = {id: jwk.read(key) for id, key in public("token").items()}
    assert handover.succession(Both(leaving=leaving, taking=taking), may) == said
    assert handover.succession(Both(leaving=leaving), may, taking=False) == said
    another = handover.sign_succession(PRIVATE["token-3"], f"{OTHER}#token-3", replace(said, at=2))
    for wrong, code in (
        (Both(leaving=taking, taking=taking), "succession.leaving"),
        (Both(leaving=leaving, taking=leaving), "succession.taking"),
        (Both(leaving=leaving, taking=another), "succession.taking"),
        (Both(leaving=leaving), "succession.taking"),
        (Both(leaving=NEXT, taking=taking), "handover.unreadable"),
    ):
        with pytest.raises(HandoverError, match=code.replace(".", r"\.")):
            handover.succession(wrong, may)

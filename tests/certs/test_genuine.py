"""The proof that a place is the region whose root it shows: made by the region, and by nobody else below that root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from certs import genuine, jwk, jws, rollover
from certs.authority import BACKDATED, DAY, Profile
from certs.genuine import Proof, UnprovedError, check
from certs.region import RegionKeys, pem
from tests.harness.trustdomain import NOW, issue, made

DID, FALSE = "did:web:region.example", "did:web:false.example"
URL = "https://region.example"
ISSUER = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(name="keys")
def fixture_keys(tmp_path: Path) -> RegionKeys:
    return made(tmp_path / "region")


def shown(key: ec.EllipticCurvePrivateKey, did: str = DID, name: str = "issuer") -> dict[str, Any]:
    return {f"{did}#{name}": jwk.write(key.public_key())}


def proof(keys: RegionKeys, key: ec.EllipticCurvePrivateKey | None = None, did: str = DID, now: int = NOW) -> Proof:
    signer = key or ISSUER
    found = genuine.prove(keys, signer, f"{did}#issuer", published=shown(signer, did), public_url=URL, now=now)
    assert found is not None
    return found


def proves(
    one: Proof, keys: RegionKeys, *, did: str = DID, root: str = "", published: Any = None, now: int = NOW
) -> bool:
    try:
        check(one, did, root or keys.root_pem, shown(ISSUER) if published is None else published, now=now)
    except UnprovedError:
        return False
    return True


def test_a_region_proves_itself_for_some_days(keys: RegionKeys) -> None:
    one = proof(keys)
    assert proves(one, keys)
    assert proves(one, keys, now=NOW - 2 * DAY)
    assert proves(one, keys, now=NOW + 2 * DAY)
    assert not proves(one, keys, now=NOW - BACKDATED - 1_000_000)
    assert not proves(one, keys, now=NOW + BACKDATED)


def test_it_is_about_one_did_one_root_and_these_keys(tmp_path: Path, keys: RegionKeys) -> None:
    one, own = proof(keys), shown(ISSUER)
    more = ec.generate_private_key(ec.SECP256R1())
    assert not proves(one, keys, did=FALSE)
    assert not proves(one, keys, did=FALSE, published=shown(ISSUER, FALSE))
    assert not proves(one, keys, root=made(tmp_path / "other").root_pem)
    assert not proves(one, keys, root="no certificate")
    assert not proves(one, keys, published={})
    assert not proves(one, keys, published=shown(more))
    assert not proves(one, keys, published=own | shown(more, name="issuer-2"))
    assert not proves(one, keys, published={f"{DID}#issuer": {"kty": "oct"}})


def test_what_was_signed_by_another_key_or_for_something_else_proves_nothing(keys: RegionKeys) -> None:
    one, head = proof(keys), {"kid": f"{DID}#issuer", "typ": genuine.TYPE}
    payload = jws.read(one.token, limit=genuine.LIMIT, allowed=frozenset({"alg", "kid", "typ"})).payload
    assert proves(replace(one, token=jws.sign(ISSUER, head, payload)), keys)
    stolen = ec.generate_private_key(ec.SECP256R1())
    wrong = [
        jws.sign(stolen, head, payload),
        jws.sign(ISSUER, head | {"typ": "vc+jwt"}, payload),
        jws.sign(ISSUER, head | {"kid": f"{DID}#token"}, payload),
        jws.sign(ISSUER, head, b"{}"),
        jws.sign(ISSUER, head, b"\xff"),
        "",
    ]
    assert not [token for token in wrong if proves(replace(one, token=token), keys)]


@pytest.mark.parametrize("member", [FALSE, DID])
@pytest.mark.parametrize("profile", [Profile.NODE, Profile.SIGNING])
def test_what_a_member_is_given_makes_no_proof(keys: RegionKeys, member: str, profile: Profile) -> None:
    """The root is public, and whoever has a place has certificates below it, under the name that it has chosen."""
    key = ec.generate_private_key(ec.SECP256R1())
    given = issue(keys.nodes, profile, member=member, key=key)
    forged = replace(proof(keys, key, member), chain=(pem(given), pem(keys.nodes.certificate)))
    assert proves(proof(keys, key, member), keys, did=member, published=shown(key, member))
    assert not proves(forged, keys, did=member, published=shown(key, member))


def test_a_chain_that_leads_nowhere_proves_nothing(tmp_path: Path, keys: RegionKeys) -> None:
    other = made(tmp_path / "other")
    one = proof(keys)
    assert not proves(proof(other, ISSUER), keys)
    for chain in ((), (one.chain[0],), ("x", one.chain[1]), (one.chain[1], one.chain[0])):
        assert not proves(replace(one, chain=chain), keys)


def test_a_later_authority_and_a_later_root_prove_too(tmp_path: Path, keys: RegionKeys) -> None:
    later = rollover.renew_authority(tmp_path / "region", "ca", public_url=URL, now=NOW)
    assert proves(proof(later), keys)
    renewed = rollover.renew_root(tmp_path / "region", public_url=URL, now=NOW)
    assert proves(proof(renewed), renewed)
    assert not proves(proof(renewed), keys)  # what names the former root is compared with that one
    ended = later.nodes.ends
    assert genuine.prove(later, ISSUER, f"{DID}#issuer", published={}, public_url=URL, now=ended) is None

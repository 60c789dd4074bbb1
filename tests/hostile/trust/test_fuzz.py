"""Arbitrary and mutated things through the real readers: each gives an answer or its own error, and no mutated signed
thing is ever taken for the one that was signed."""

from __future__ import annotations

import contextlib
import string
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs import credentials, did, jwk, jwt, presentations, status
from certs.did import DidError
from certs.jwt import TokenError
from certs.vcdm import CredentialError
from tests.hostile.trust import forge
from tests.hostile.trust.forge import Json

REGION, HOLDER, CITY = "did:web:region.example", "did:web:mallory.example", "did:web:city.example"
NOW = 1_790_000_000
URL = "https://region.example/status/1"
KEYS = {"issuer": forge.new_key(), "token": forge.new_key(), "stranger": forge.new_key()}
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def known(party: str, name: str) -> Mapping[str, jwk.PublicKey]:
    """The keys of a party as its document gives them."""
    return {f"{party}#{name}": jwk.read(forge.jwk(KEYS[name]))}


def header(profile: str, party: str, name: str, what: str) -> Json:
    return {"alg": "ES256", "kid": f"{party}#{name}", **forge.typ(profile, what)}


def member(profile: str) -> tuple[Json, Json]:
    """Header and claims of an honest membership."""
    made = forge.body(
        profile,
        id="urn:uuid:1",
        issuer=REGION,
        kinds=["MembershipCredential"],
        subject={"id": HOLDER, "name": "Mallory", "memberOf": REGION},
        begins=NOW - 3600,
        ends=NOW + 3600,
    )
    made["credentialStatus"] = forge.status(URL, "7", profile=profile)
    return header(profile, REGION, "issuer", "vc"), forge.wrapped(profile, made)


def shown(profile: str) -> tuple[Json, Json]:
    """Header and claims of an honest presentation."""
    token = forge.jws(KEYS["issuer"], *member(profile))
    claims = forge.presentation(profile, by=HOLDER, audience=CITY, tokens=[token], now=NOW, id="urn:uuid:2")
    return header(profile, HOLDER, "token", "vp"), claims


def listed(profile: str) -> tuple[Json, Json]:
    """Header and claims of an honest list."""
    made = forge.list_body(
        profile, URL, REGION, forge.encoded(forge.bits([9]), profile), begins=NOW - 60, ends=NOW + 60
    )
    return header(profile, REGION, "issuer", "vc"), forge.wrapped(profile, made)


def self_issued(profile: str) -> tuple[Json, Json]:
    """Header and claims of an honest message token."""
    return {"alg": "ES256", "kid": f"{HOLDER}#token", "typ": "JWT"}, forge.claims(HOLDER, CITY, NOW, jti="1")


def read_member(token: str) -> Any:
    return credentials.verify(token, known(REGION, "issuer"), NOW * 1_000_000).document


def read_shown(token: str) -> Any:
    return presentations.verify(
        token, audience=CITY, holder=HOLDER, keys=known(HOLDER, "token"), now=NOW * 1_000_000
    ).tokens


def read_listed(token: str) -> Any:
    found = status.read_list(
        token,
        url=URL,
        purpose="revocation",
        issuer_keys=known(REGION, "issuer"),
        now=NOW * 1_000_000,
        allowed_issuers=[REGION],
    )
    return found.get(7), found.get(9)


def read_self_issued(token: str) -> Any:
    keys = {HOLDER: known(HOLDER, "token")}
    return jwt.verify(token, audience=CITY, keys_of=keys.get, now=NOW * 1_000_000)


Read, Make = Callable[[str], Any], Callable[[str], tuple[Json, Json]]
THINGS: dict[str, tuple[Make, Read, str]] = {
    "credential": (member, read_member, "issuer"),
    "presentation": (shown, read_shown, "token"),
    "status list": (listed, read_listed, "issuer"),
    "message token": (self_issued, read_self_issued, "token"),
}
OWN = (CredentialError, TokenError)
PARAMETERS = [pytest.param(name, profile, id=f"{name} {profile}") for name in THINGS for profile in ("vc20", "vc11")]

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        [HOLDER, REGION, CITY, URL, "https://127.0.0.1/x", "data:application/vc+jwt,e30.e30.e30", "did:web:"]
    )
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in items for place in places(inner, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else at a place; DROP takes it away."""
    if not path:
        return new
    made = dict(value) if isinstance(value, dict) else list(value)
    inner = changed(value[path[0]], path[1:], new)
    if inner is forge.DROP:
        del made[path[0]]
    else:
        made[path[0]] = inner
    return made


@pytest.mark.parametrize(("name", "profile"), PARAMETERS)
def test_the_honest_one_is_read(name: str, profile: str) -> None:
    make, read, key = THINGS[name]
    assert read(forge.jws(KEYS[key], *make(profile)))


@pytest.mark.parametrize(("name", "profile"), PARAMETERS)
@FEW
@given(data=st.data())
def test_no_letter_of_a_signed_thing_can_be_changed(name: str, profile: str, data: st.DataObject) -> None:
    make, read, key = THINGS[name]
    token = forge.jws(KEYS[key], *make(profile))
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.=+/ \n\x00é"))
    kind = data.draw(st.sampled_from(["put", "insert", "drop", "repeat"]))
    made = {
        "put": token[:at] + letter + token[at + 1 :],
        "insert": token[:at] + letter + token[at:],
        "drop": token[:at] + token[at + 1 :],
        "repeat": token[:at] + token[at:] * 2,
    }[kind]
    if made != token:
        with pytest.raises(OWN):
            read(made)


@pytest.mark.parametrize(("name", "profile"), PARAMETERS)
@FEW
@given(data=st.data())
def test_nothing_that_was_signed_can_be_changed_or_signed_by_another(
    name: str, profile: str, data: st.DataObject
) -> None:
    """Other content under the old signature, and other content that a stranger has signed under the true key's id."""
    make, read, key = THINGS[name]
    head, body = make(profile)
    tail = forge.jws(KEYS[key], head, body).rpartition(".")[2]
    part = data.draw(st.sampled_from([0, 1]))
    path = data.draw(st.sampled_from(places((head, body)[part])))
    new = data.draw(values | st.just(forge.DROP)) if path else data.draw(values)
    parts = [head, body]
    parts[part] = changed(parts[part], path, new)
    if parts == [head, body]:
        return
    encoded = forge.jws(KEYS["stranger"], *parts)
    for token in (encoded, encoded.rpartition(".")[0] + "." + tail):
        with pytest.raises(OWN):
            read(token)


@pytest.mark.parametrize(("name", "profile"), PARAMETERS)
@FEW
@given(data=st.data())
def test_whatever_an_issuer_signs_is_read_or_refused(name: str, profile: str, data: st.DataObject) -> None:
    """Odd content that is well signed: read, or refused with an error of ours, and never anything else."""
    make, read, key = THINGS[name]
    head, body = make(profile)
    part = data.draw(st.sampled_from([0, 1]))
    path = data.draw(st.sampled_from(places((head, body)[part])))
    parts = [head, body]
    parts[part] = changed(parts[part], path, data.draw(values | (st.just(forge.DROP) if path else values)))
    with contextlib.suppress(*OWN):
        read(forge.jws(KEYS[key], *parts))


@pytest.mark.parametrize("name", THINGS)
@FEW
@given(noise=st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}"))
def test_noise_is_refused(name: str, noise: str) -> None:
    with pytest.raises(OWN):
        THINGS[name][1](noise)


DOCUMENT = forge.did_document(
    HOLDER,
    [forge.method(HOLDER, "token", forge.jwk(KEYS["token"])), forge.method(HOLDER, "audit", forge.jwk(KEYS["issuer"]))],
    {"CredentialService": "https://mallory.example/dcp"},
)


@FEW
@given(data=st.data())
def test_a_document_gives_its_own_keys_or_none(data: st.DataObject) -> None:
    """Whatever is served: the keys are keys of this DID that stand in it, or an error of ours."""
    made: Any = DOCUMENT
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(made)))
        made = changed(made, path, data.draw(values | (st.just(forge.DROP) if path else values)))
        if not isinstance(made, dict):
            break
    try:
        found = did.read(msgspec.json.encode(made), HOLDER)
    except DidError:
        return
    assert found.id == HOLDER
    assert all(id.startswith(HOLDER + "#") for id in found.keys)
    text = msgspec.json.encode(made).decode()
    assert all(key["x"] in text for key in found.keys.values())
    assert set(found.tokens) <= set(found.keys)


@FEW
@given(body=st.binary(max_size=200) | values.map(msgspec.json.encode))
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(DidError):
        did.read(body, HOLDER)

"""The manifest and the feed: digests of the canonical form, what is refused, and by which code."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from catalog.federation import manifest
from catalog.federation.manifest import Entries, Listed, Manifest, ManifestError
from certs import jwk, jws

ISSUER, READER = "did:web:strom.example", "did:web:stadt.example"
NOW = 1_700_000_000_000_000
TOLD = Manifest(iss=ISSUER, aud=READER, iat=NOW // 1_000_000, sequence=7, count=0, root=manifest.root([]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Lone surrogates are no text that JSON can carry in UTF-8.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON))
def test_a_digest_is_over_the_canonical_form(document: dict[str, Any]) -> None:
    document.pop("@context", None)
    written = msgspec.json.encode(document)
    try:
        expected = hashlib.sha256(rfc8785.dumps(msgspec.json.decode(written))).hexdigest()
    except rfc8785.CanonicalizationError:
        with pytest.raises(ManifestError, match="number"):
            manifest.digest(written)
        return
    assert manifest.digest(written) == expected


def test_a_digest_does_not_depend_on_how_the_dataset_was_had() -> None:
    one = b'{"@id":"a","title":"\\u00dcbersicht","rows":{"b":[1,2],"a":null}}'
    other = (
        '{ "@context": ["https://example.org"], "rows": {"a": null, "b": [1, 2.0e0]}, "title": "Übersicht", "@id": "a"}'
    )
    assert manifest.digest(one) == manifest.digest(other.encode())


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"a": NaN}', b'{"a":"\xff"}', b'{"a":' + b"[" * 100_000])
def test_what_is_no_object_has_no_digest(document: bytes) -> None:
    with pytest.raises(ManifestError, match="form"):
        manifest.digest(document)


def test_a_root_is_over_lines() -> None:
    lines = [("urn:a", "1" * 64), ("urn:b", "2" * 64)]
    text = f"urn:a\n{'1' * 64}\nurn:b\n{'2' * 64}\n"
    assert manifest.root(lines) == hashlib.sha256(text.encode()).hexdigest()
    told = replace(TOLD, count=2, root=manifest.root(lines))
    assert told.fits(dict(reversed(lines)))
    assert not told.fits(dict(lines[:1]))
    assert not told.fits({**dict(lines), "urn:b": "3" * 64})


@pytest.mark.parametrize("key", [Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())], ids=["ed", "ec"])
def test_a_manifest_is_read_as_it_was_signed(key: Any) -> None:
    received = manifest.read(manifest.sign(TOLD, key, f"{ISSUER}#key-1").encode())
    assert received.kid == f"{ISSUER}#key-1"
    public = jwk.of(key.public_key())
    assert manifest.check(received, public, issuer=ISSUER, audience=READER, now=NOW) == TOLD


KEY = Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": READER}, "issuer"),
        ({"aud": "did:web:other.example"}, "audience"),
        ({"iat": NOW // 1_000_000 + 61}, "early"),
    ],
)
def test_a_manifest_that_is_not_meant_is_refused(change: dict[str, Any], code: str) -> None:
    received = manifest.read(manifest.sign(replace(TOLD, **change), KEY, f"{ISSUER}#key-1").encode())
    with pytest.raises(ManifestError, match=code):
        manifest.check(received, jwk.of(KEY.public_key()), issuer=ISSUER, audience=READER, now=NOW)


def test_a_manifest_is_signed_with_a_key_of_its_issuer() -> None:
    public, other = jwk.of(KEY.public_key()), jwk.of(Ed25519PrivateKey.generate().public_key())
    good = manifest.read(manifest.sign(TOLD, KEY, f"{ISSUER}#key-1").encode())
    foreign = manifest.read(manifest.sign(TOLD, KEY, f"{ISSUER}.evil#key-1").encode())
    for received, key, code in ((good, None, "key"), (foreign, public, "key"), (good, other, "signature")):
        with pytest.raises(ManifestError, match=code):
            manifest.check(received, key, issuer=ISSUER, audience=READER, now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"a.b",
        b"\xff.a.a",
        b"x" * 5_000,
        jws.sign(KEY, {"typ": manifest.TYPE}, b"{}").encode(),
        jws.sign(KEY, {"typ": "JWT"}, msgspec.json.encode(TOLD)).encode(),
        jws.sign(KEY, {"typ": manifest.TYPE}, msgspec.json.encode({**msgspec.to_builtins(TOLD), "count": -1})).encode(),
        jws.sign(KEY, {"typ": manifest.TYPE}, msgspec.json.encode({**msgspec.to_builtins(TOLD), "root": "x"})).encode(),
    ],
)
def test_what_is_no_manifest_is_refused(token: bytes) -> None:
    with pytest.raises(ManifestError, match="form"):
        manifest.read(token)


def _listed(id: str, sequence: int) -> Listed:
    dataset = msgspec.json.encode({"@id": id})
    return Listed(id=id, sequence=sequence, digest=manifest.digest(dataset), dataset=Raw(dataset))


def test_entries_are_read_as_they_were_written() -> None:
    told = Entries(
        sequence=9,
        more=False,
        entries=(_listed("urn:a", 3), Listed(id="urn:b", sequence=5, gone=True), _listed("c", 9)),
    )
    found = manifest.read_entries(manifest.write_entries(told), 2)
    assert found == told
    assert manifest.digest(bytes(found.entries[0].dataset)) == found.entries[0].digest
    assert b'"gone":true' in manifest.write_entries(told)


@pytest.mark.parametrize(
    "entries",
    [
        Entries(sequence=5, more=False, entries=(_listed("a", 2),)),
        Entries(sequence=5, more=False, entries=(_listed("a", 4), _listed("b", 3))),
        Entries(sequence=5, more=False, entries=(_listed("a", 4), _listed("a", 5))),
        Entries(sequence=3, more=False, entries=(_listed("a", 4),)),
        Entries(sequence=2, more=True, entries=()),
        Entries(sequence=5, more=False, entries=(Listed(id="a", sequence=4),)),
        Entries(sequence=5, more=False, entries=(replace(_listed("a", 4), gone=True),)),
        Entries(sequence=5, more=False, entries=(_listed("a\nb", 4),)),
    ],
    ids=["known", "order", "twice", "behind", "still", "empty", "both", "line"],
)
def test_entries_that_make_no_sense_are_refused(entries: Entries) -> None:
    with pytest.raises(ManifestError, match="form"):
        manifest.read_entries(manifest.write_entries(entries), 2)

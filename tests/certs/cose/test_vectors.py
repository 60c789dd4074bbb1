"""Published vectors of the COSE working group: each is taken, refused where it should be, or listed with the reason."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

import pytest

from certs import cose, jwk
from certs.cose import CoseError, Secret
from certs.jwk import JwkError
from certs.strict import to_base64url
from tests.standards import STANDARDS, load

FOLDERS = (STANDARDS / "edge" / "cose", STANDARDS / "trust" / "cose")
pytestmark = pytest.mark.skipif(not FOLDERS[0].is_dir(), reason=f"no vectors at {FOLDERS[0]} (ALLMENDE_STANDARDS)")

KINDS = {"sign0", "mac0", "encrypted"}
OTHER_KINDS = {
    "sign": "several signers: every message here has one",
    "mac": "recipients: secrets are handed over elsewhere",
    "enveloped": "recipients: secrets are handed over elsewhere",
}
DELIBERATE: Mapping[str, str] = {
    "*/ecdsa-sig-02": "P-384",
    "*/ecdsa-sig-03": "P-521",
    "*/ecdsa-sig-04": "ES512 with P-256",
    "*/eddsa-sig-02": "Ed448",
    "*/aes-ccm-enc-*": "AES-CCM",
    "CWT/A_4": "HMAC 256/64: a tag that is cut",
    "CWT/A_5": "AES-CCM",
    "CWT/A_6": "AES-CCM",
    "CWT/A_7": "HMAC 256/64: a tag that is cut",
    "RFC8152/Appendix_C_4_1": "AES-CCM",
    "RFC8152/Appendix_C_4_2": "a partial nonce",
    "RFC8152/Appendix_C_6_1": "AES-MAC",
    "hmac-examples/HMac-enc-02": "HMAC 384/384",
    "hmac-examples/HMac-enc-03": "HMAC 512/512",
    "hmac-examples/HMac-enc-05": "HMAC 256/64: a tag that is cut",
    "countersign/*": "countersignatures of RFC 8152, within the message; RFC 9338 has replaced them",
    "countersign1/*": "countersignatures of RFC 8152, within the message; RFC 9338 has replaced them",
    "*/*-pass-01": "the algorithm is not protected",
    "mac0-tests/mac-pass-02": "the algorithm is not protected",
    "*/*-pass-03": "there is no tag",
}
"""Messages that are right by the standard and refused here all the same, with the reason."""
ALGORITHMS = {
    "A128GCM": "A128GCM",
    "A192GCM": "A192GCM",
    "A256GCM": "A256GCM",
    "ChaCha-Poly1305": "ChaCha20/Poly1305",
    "HS256": "HMAC 256/256",
}
TAKEN = {
    "CWT/A_3",
    "RFC8152/Appendix_C_2_1",
    "aes-gcm-examples/aes-gcm-enc-01",
    "aes-gcm-examples/aes-gcm-enc-02",
    "aes-gcm-examples/aes-gcm-enc-03",
    "chacha-poly-examples/chacha-poly-enc-01",
    "ecdsa-examples/ecdsa-sig-01",
    "eddsa-examples/eddsa-sig-01",
    "encrypted-tests/aes-gcm-01",
    "encrypted-tests/enc-pass-02",
    "hmac-examples/HMac-enc-01",
    "mac0-tests/HMac-01",
    "sign1-tests/sign-pass-02",
}


def vectors() -> Iterator[tuple[str, str, dict[str, Any]]]:
    seen = set()
    for folder in FOLDERS:
        for path in sorted(folder.glob("*/*.json")):
            name = f"{path.parent.name}/{path.stem}"
            if name not in seen:
                case = load(path)
                yield name, next(kind for kind in (*KINDS, *OTHER_KINDS) if kind in case["input"]), case
                seen.add(name)


def opened(kind: str, case: dict[str, Any]) -> bytes:
    """The content of a message, by the key that stands beside it. Raises `CoseError`, `JwkError`."""
    given = case["input"][kind]
    message, aad = bytes.fromhex(case["output"]["cbor"]), bytes.fromhex(given.get("external", ""))
    key = given.get("key") or given["recipients"][0]["key"]
    kid = key.get("kid", "").encode()
    if kind == "sign0":
        return cose.verify(message, {kid: jwk.read(public(key))}, aad=aad).payload
    raw = bytes.fromhex(key["k_hex"]) if "k_hex" in key else base64.urlsafe_b64decode(key["k"] + "==")
    said = (given.get("protected") or {}).get("alg") or (given.get("unprotected") or {}).get("alg")
    if kind == "mac0":
        secret = Secret("HMAC 256/256", raw)
        return cose.check(message, {kid: secret, b"": secret}, aad=aad).payload
    other: Any = ALGORITHMS.get(said, "A128GCM")
    secret = Secret(other, raw)
    return cose.decrypt(message, {kid: secret, b"": secret}, aad=aad).text


def public(key: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in key.items() if name in ("kty", "crv", "x", "y")}
    for name in ("x", "y"):
        if f"{name}_hex" in key:
            found[name] = to_base64url(bytes.fromhex(key[f"{name}_hex"])).decode()
    return found


def test_published_vectors() -> None:
    taken, wrongly = set(), set()
    for name, kind, case in vectors():
        if kind in OTHER_KINDS:
            continue
        must_fail = case.get("fail") or case["input"].get("fail")
        try:
            content = opened(kind, case)
        except (CoseError, JwkError):
            if not must_fail and not any(fnmatch(name, one) for one in DELIBERATE):
                wrongly.add(name)
            continue
        assert not must_fail, name
        expected = case["input"].get("plaintext")
        assert content == (bytes.fromhex(case["input"]["plaintext_hex"]) if expected is None else expected.encode())
        taken.add(name)
    assert (taken, wrongly) == (TAKEN, set())


def test_every_reason_is_needed() -> None:
    """And for all kinds of messages that are not looked at nothing but a refusal comes of it."""
    names = {name for name, kind, case in vectors() if kind in KINDS}
    for one in DELIBERATE:
        assert any(fnmatch(name, one) and name not in TAKEN for name in names), one
    for _, kind, case in vectors():
        if kind in OTHER_KINDS:
            assert refused_by_all(bytes.fromhex(case["output"]["cbor"]))


def refused_by_all(message: bytes) -> bool:
    for read in (cose.read, lambda data: cose.check(data, {}), lambda data: cose.decrypt(data, {})):
        with pytest.raises(CoseError, match=r"cose\.malformed"):
            read(message)
    return True


def test_there_are_as_many_as_there_were() -> None:
    assert len([path for path in FOLDERS[0].glob("*/*.json") if path.is_file()]) == 137

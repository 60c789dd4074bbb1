"""Tests of certs.cose.mac0: tags that only who has the secret can make."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys import SymmetricKey
from pycose.messages import CoseMessage

from certs import cose
from certs.cose import CoseError, Secret

SECRETS = {b"k": Secret("HMAC 256/256", b"s" * 32), b"e": Secret("A256GCM", b"s" * 32)}


def refused(message: bytes, **given: Any) -> str:
    with pytest.raises(CoseError) as caught:
        cose.check(message, SECRETS, **given)
    return caught.value.code


@pytest.mark.parametrize("content", [None, 0, "application/cbor"])
def test_what_is_authenticated_is_taken(content: Any) -> None:
    message = cose.authenticate(SECRETS[b"k"], b"k", b"reading", content=content, aad=b"contract")
    found = cose.check(message, SECRETS, aad=b"contract")
    assert (found.payload, found.kid, found.content) == (b"reading", b"k", content)
    assert refused(message) == "cose.tag"


def test_another_reader_takes_it() -> None:
    message = CoseMessage.decode(cose.authenticate(SECRETS[b"k"], b"k", b"reading"))
    message.key = SymmetricKey(b"s" * 32)
    assert message.verify_tag()


@pytest.mark.parametrize("content", [None, "application/cbor"])
def test_what_another_writer_makes_is_taken(content: Any) -> None:
    import cwt

    key = cwt.COSEKey.from_symmetric_key(b"s" * 32, alg="HS256", kid=b"k")
    header: dict[int, Any] = {1: 5} | ({} if content is None else {3: content}) | {4: b"k"}
    message = cwt.COSE.new().encode_and_mac(b"reading", key, protected=header)
    assert cose.check(message, SECRETS) == cose.Mac0(b"reading", b"k", content)
    assert message == cose.authenticate(SECRETS[b"k"], b"k", b"reading", content=content)


@pytest.mark.parametrize("length", [0, 15, 33, 64])
def test_secrets_of_other_lengths_prove_nothing(length: int) -> None:
    secret = Secret("HMAC 256/256", b"s" * length)
    with pytest.raises(CoseError, match=r"cose\.algorithm"):
        cose.authenticate(secret, b"k", b"reading")
    with pytest.raises(CoseError, match=r"cose\.algorithm"):
        cose.check(built({1: 5, 4: b"k"}), {b"k": secret})


def built(
    protected: Any, *, tag: bytes | None = None, start: bytes = b"\xd1\x84", payload: bytes = b"\x47reading"
) -> bytes:
    import hmac

    inside = cbor2.dumps(protected)
    right = hmac.digest(b"s" * 32, cbor2.dumps(["MAC0", inside, b"", b"reading"]), "sha256")
    return start + cbor2.dumps(inside) + b"\xa0" + payload + cbor2.dumps(right if tag is None else right[: len(tag)])


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no tag": (built({1: 5, 4: b"k"}, start=b"\x84"), "cose.malformed"),
    "of a signature": (built({1: 5, 4: b"k"}, start=b"\xd2\x84"), "cose.malformed"),
    "detached": (built({1: 5, 4: b"k"}, payload=b"\xf6"), "cose.malformed"),
    "key unknown": (built({1: 5, 4: b"x"}), "cose.key"),
    "for encrypting": (built({1: 5, 4: b"e"}), "cose.algorithm"),
    "a shorter kind": (built({1: 4, 4: b"k"}, tag=b"x" * 8), "cose.algorithm"),
    "cut": (built({1: 5, 4: b"k"}, tag=b"x" * 8), "cose.tag"),
    "empty": (built({1: 5, 4: b"k"}, tag=b""), "cose.tag"),
    "crit": (built({1: 5, 2: [4], 4: b"k"}), "cose.header"),
    "something behind": (built({1: 5, 4: b"k"}) + b"\0", "cose.malformed"),
}


@pytest.mark.parametrize(("message", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_messages_that_are_refused(message: bytes, code: str) -> None:
    assert refused(message) == code


def test_the_hostile_ones_differ_from_a_good_one() -> None:
    assert cose.check(built({1: 5, 4: b"k"}), SECRETS).payload == b"reading"


def test_a_secret_for_something_else_authenticates_nothing() -> None:
    with pytest.raises(CoseError, match=r"cose\.algorithm"):
        cose.authenticate(SECRETS[b"e"], b"e", b"reading")


MESSAGE = cose.authenticate(SECRETS[b"k"], b"k", b"reading")


@given(st.integers(0, len(MESSAGE) - 1), st.integers(1, 255))
def test_no_altered_message_is_taken(at: int, change: int) -> None:
    refused(MESSAGE[:at] + bytes([MESSAGE[at] ^ change]) + MESSAGE[at + 1 :])

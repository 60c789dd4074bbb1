"""Envelopes that somebody has altered on the way: each is refused with a code, and nothing else comes of it (F33).

Mutations know the form: they cut, double, swap and lengthen its parts, beside turning bits anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cbor, cose, cwt, jwk
from certs.cbor import CborError
from certs.cose import CoseError
from certs.cwt import CwtError

SEED = 20_261_121
NOW = 1_800_000_000_000_000
EDWARDS, ELLIPTIC = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
KEYS = {cose.kid_of(key.public_key()): jwk.of(key.public_key()) for key in (EDWARDS, ELLIPTIC)}
PAYLOAD = cbor.dumps([list(range(40)), {"air": [1, -2, None], 4: b"x" * 30}])
SIGNED = [cose.sign(key, cose.kid_of(key.public_key()), PAYLOAD, content=60) for key in (EDWARDS, ELLIPTIC)]
RECEIPTS = [cose.countersign(EDWARDS, cose.kid_of(EDWARDS.public_key()), one, issued=7) for one in SIGNED]
TOKENS = [
    cwt.make(key, cose.kid_of(key.public_key()), issuer="did:a", audience="did:b", now=NOW, id=bytes(16))
    for key in (EDWARDS, ELLIPTIC)
]
NAMES = {1: -8, 3: 60, 4: b"kid"}
INTERESTING = [0x00, 0x17, 0x18, 0x1F, 0x40, 0x5F, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xD2, 0xF5, 0xF6, 0xF7, 0xFF]

Mutation = Callable[[random.Random, bytes], bytes]


def bit(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def byte(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([draw.choice(INTERESTING)]) + data[at + 1 :]


def cut(draw: random.Random, data: bytes) -> bytes:
    first, last = sorted(draw.choices(range(len(data) + 1), k=2))
    return data[:first] + data[last:]


def double(draw: random.Random, data: bytes) -> bytes:
    first, last = sorted(draw.choices(range(len(data) + 1), k=2))
    return data[:last] + data[first:last] + data[last:]


def insert(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + bytes(draw.choices(INTERESTING, k=draw.randint(1, 6))) + data[at:]


def nested(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice([b"\x81", b"\xa1\x01", b"\xd8\x1c", b"\x9f"]) * draw.randint(2, 600) + data[at:]


def longer(draw: random.Random, data: bytes) -> bytes:
    """A length in a longer form, at the first place where one stands."""
    at = draw.choice([place for place, one in enumerate(data) if one >> 5 in (2, 4, 5) and one & 31 < 24] or [0])
    return data[:at] + bytes([data[at] & 0xE0 | 24, data[at] & 31]) + data[at + 1 :]


def header(draw: random.Random, data: bytes) -> bytes:
    """Another protected header in its place: labels twice, critical ones, indefinite, out of order."""
    inside, at = cose.form.take(data, 2)
    new = draw.choice(
        [
            b"\xbf" + inside[1:] + b"\xff",
            bytes([inside[0] + 1]) + inside[1:] + inside[1:3],
            bytes([inside[0] + 1]) + inside[1:] + b"\x02\x81\x04",
            bytes([inside[0] + 1]) + inside[1:] + b"\x19\x01\x00\x00",
            inside + b"\0",
            b"",
            b"\xa0",
            b"\x81" * draw.randint(1, 500),
        ]
    )
    return data[:2] + cose.form.given(new) + data[at:]


def detached(draw: random.Random, data: bytes) -> bytes:
    """Another payload under the same signature, or none."""
    found = cose.read(data)
    _, at = cose.form.take(data, 2)
    new = draw.choice([b"\xf6", b"\x40", cose.form.given(found.payload + b"\0"), cose.form.given(found.payload[::-1])])
    return data[:at] + b"\xa0" + new + b"\x58\x40" + found.signature


def spliced(draw: random.Random, data: bytes) -> bytes:
    """The beginning of one and the end of another."""
    other = draw.choice(SIGNED + TOKENS + RECEIPTS)
    return data[: draw.randrange(len(data))] + other[draw.randrange(len(other)) :]


ANYWHERE: list[Mutation] = [bit, byte, cut, double, insert, nested, longer, spliced]
OF_MESSAGES: list[Mutation] = [header, detached]


def verified(data: bytes) -> None:
    cose.verify(data, KEYS)


def receipt(data: bytes) -> None:
    cose.verify_countersignature(data, SIGNED[0], KEYS)


def token(data: bytes) -> None:
    cwt.verify(data, KEYS, issuer="did:a", audience="did:b", now=NOW)


def value(data: bytes) -> None:
    """Of a payload something may be left that is one; then it is written as it was read."""
    if cbor.dumps(cbor.loads(data)) == data:
        raise CborError("cbor.form")


def many(data: bytes) -> None:
    if b"".join(cose.split(data)) == data:
        raise CoseError("cose.malformed")


KINDS: dict[str, tuple[list[bytes], Callable[[bytes], None], bool]] = {
    "message": (SIGNED, verified, True),
    "token": (TOKENS, token, True),
    "receipt": ([RECEIPTS[0]], receipt, False),
    "value": ([PAYLOAD, cbor.dumps(NAMES)], value, False),
    "sequence": ([b"".join(SIGNED)], many, False),
}


def campaign(count: int, seed: int) -> dict[str, int]:
    """Refusals by code of so many mutants; whatever else comes of one ends the test with its bytes."""
    draw, codes = random.Random(seed), dict[str, int]()
    kinds = list(KINDS.values())
    for _ in range(count):
        whole, read, message = draw.choice(kinds)
        good = draw.choice(whole)
        mutant = draw.choice(ANYWHERE + OF_MESSAGES * message)(draw, good)
        for _ in range(draw.choice((0, 0, 1, 3))):
            mutant = draw.choice(ANYWHERE)(draw, mutant or b"\0")
        if mutant in (*whole, *SIGNED, *TOKENS):  # spliced together as it was
            continue
        try:
            read(mutant)
        except (CoseError, CborError, CwtError) as error:
            codes[error.code] = codes.get(error.code, 0) + 1
        except Exception as error:
            raise AssertionError(mutant.hex()) from error
        else:
            raise AssertionError(f"taken: {mutant.hex()}")
    return codes


def test_the_whole_ones_are_taken() -> None:
    for name in ("message", "token", "receipt"):
        whole, read, _ = KINDS[name]
        for one in whole:
            read(one)


def test_twenty_thousand_mutants() -> None:
    codes = campaign(20_000, SEED)
    assert sum(codes.values()) > 19_000
    assert codes.keys() >= {"cose.malformed", "cose.header", "cose.signature", "cwt.form", "cwt.signature", "cbor.form"}


@pytest.mark.long("cose")
def test_a_million_mutants() -> None:
    codes = campaign(1_000_000, SEED + 1)
    assert sum(codes.values()) > 950_000
    print(codes)

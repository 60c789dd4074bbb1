"""COSE beside bare cryptography: the same key, the same kilobyte, without an envelope.

What lives here: signing and verifying with both algorithms, of which the worse one counts. What does not: whole batches
(`form`).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from certs import cose, jwk
from tests.bench.rows import Goal, Row, say

SIGN = Goal("cose_sign", "COSE_Sign1 of 1 KiB, the worse of ES256 and EdDSA", "1/s", 0.8, at_least=True)
VERIFY = Goal("cose_verify", "a COSE_Sign1 of 1 KiB verified, the worse of ES256 and EdDSA", "1/s", 0.8, at_least=True)
PAYLOAD: Final = bytes(range(256)) * 4
CALLS = 400
_ECDSA = ECDSA(SHA256())

Run = Callable[[], object]
Pair = tuple[Run, Run]


def _signing(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> Pair:
    kid = cose.kid_of(key.public_key())
    return lambda: cose.sign(key, kid, PAYLOAD), lambda: _bare(key)


def _bare(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.sign(PAYLOAD) if isinstance(key, Ed25519PrivateKey) else key.sign(PAYLOAD, _ECDSA)


def _verifying(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> Pair:
    kid = cose.kid_of(key.public_key())
    message, keys = cose.sign(key, kid, PAYLOAD), {kid: jwk.of(key.public_key())}
    signature = _bare(key)
    if isinstance(key, Ed25519PrivateKey):
        edwards = key.public_key()
        return lambda: cose.verify(message, keys), lambda: edwards.verify(signature, PAYLOAD)
    elliptic = key.public_key()
    return lambda: cose.verify(message, keys), lambda: elliptic.verify(signature, PAYLOAD, _ECDSA)


def _rates(pair: Pair) -> tuple[float, float]:
    """Calls a second of each, called turn by turn; medians of many."""
    times: tuple[list[int], list[int]] = ([], [])
    for _ in range(CALLS):
        for run, into in zip(pair, times, strict=True):
            began = time.perf_counter_ns()
            run()
            into.append(time.perf_counter_ns() - began)
    ours, theirs = (1e9 / statistics.median(one) for one in times)
    return ours, theirs


def _row(goal: Goal, made: Callable[[EllipticCurvePrivateKey | Ed25519PrivateKey], Pair], rounds: int) -> Row:
    pairs = [made(generate_private_key(SECP256R1())), made(Ed25519PrivateKey.generate())]
    rows: list[Row] = []
    for pair, name in zip(pairs, ("ES256", "EdDSA"), strict=True):
        measured = [_rates(pair) for _ in range(rounds)]
        rows.append(goal.judged(*zip(*measured, strict=True)))
        say(f"{goal.id} {name}: {rows[-1].value:.0f} a second, bare {rows[-1].yardstick}, ratio {rows[-1].ratio}")
    return min(rows, key=lambda row: row.ratio or 0.0)


ROWS: Final[Mapping[str, Callable[[int], Row]]] = {
    SIGN.id: lambda rounds: _row(SIGN, _signing, rounds),
    VERIFY.id: lambda rounds: _row(VERIFY, _verifying, rounds),
}

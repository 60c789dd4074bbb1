"""The rows of `scripts/bench trust`: what it costs to know who calls, and that a region vouches for it.

What lives here: set-ups and measurements. What does not: judging (`rows`), load (`load`, `node`), right and wrong
(`tests/hostile/trust`).

Yardsticks are what no verifier can do without: a dict look-up and a SHA-256 for a verdict that stands, the bare
signature checks for a whole verification, the same node with compared keys for one that asks a region.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from catalog import rules
from certs import credentials, jwk, jws, jwt, presentations, status, trust
from certs.credentials import Credential
from certs.jwk import PublicKey
from certs.trust import Anchor, Checked
from certs.vcdm import VC20
from tests.bench.rows import Goal, Row, say
from tests.catalog import samples

FULL_VERIFY = Goal(
    "full_verify", "token, presentation, two credentials and list beside the signature checks in it", "us", 3.0
)
RULES = Goal("rules_us", "one self-description judged by the rules of its class", "us", 100.0, absolute=True)
CALLS = 300
SECOND = 1_000_000
NOW = 1_790_000_000 * SECOND
CITY, MEMBER, REGION = "did:web:city.example", "did:web:member.example", "did:web:region.example"
LIST = "https://region.example/status/1"
Run = Callable[[], object]


def median(call: Run, beside: Run, count: int = CALLS) -> tuple[float, float]:
    """Microseconds of each of two calls, medians of many, called turn by turn."""
    ours, theirs = [], []
    for _ in range(count):
        for run, times in ((call, ours), (beside, theirs)):
            began = time.perf_counter_ns()
            run()
            times.append(time.perf_counter_ns() - began)
    return statistics.median(ours) / 1000, statistics.median(theirs) / 1000


def turn_by_turn(goal: Goal, count: int, call: Run, beside: Run) -> Row:
    """The row of two calls that are measured together, `count` times."""
    pairs = []
    for number in range(count):
        pairs.append(median(call, beside))
        say(f"{goal.id} {number + 1}/{count}: {pairs[-1][0]:.1f} us, yardstick {pairs[-1][1]:.1f}")
    return goal.judged(*zip(*pairs, strict=True))


class Shown:
    """What a member shows to a city: a token, a presentation of two credentials, and the list of its region."""

    def __init__(self) -> None:
        self.region, self.member = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.issuers = {f"{REGION}#issuer": _public(self.region)}
        self.members = {f"{MEMBER}#token": _public(self.member)}
        shown = [self._credential(index, kind) for index, kind in enumerate((trust.MEMBERSHIP, "DeviceCredential"))]
        self.token = jwt.issue(
            self.member, f"{MEMBER}#token", issuer=MEMBER, audience=CITY, now=NOW, jti="1", token="opaque"
        )
        (self.presentation,) = presentations.present(
            self.member, f"{MEMBER}#token", holder=MEMBER, audience=CITY, tokens=shown, now=NOW, jti="2"
        )
        self.list = status.list_credential(
            self.region,
            f"{REGION}#issuer",
            issuer=REGION,
            url=LIST,
            purpose="revocation",
            bits=status.Bits(),
            begins=NOW - 60 * SECOND,
            ends=NOW + 3600 * SECOND,
        )
        member, region = self.member.public_key(), self.region.public_key()
        self.signatures = [
            *(_signature(token, member) for token in (self.token, self.presentation)),
            *(_signature(token, region) for token in (*shown, self.list)),
        ]

    def _credential(self, index: int, kind: str) -> str:
        return credentials.issue(
            self.region,
            f"{REGION}#issuer",
            issuer=REGION,
            subject=MEMBER,
            id=f"urn:uuid:{index}",
            kind=kind,
            claims={"name": "Member", "memberOf": REGION, "municipalityKey": "14612000"},
            begins=NOW - 60 * SECOND,
            ends=NOW + 86_400 * SECOND,
            status=[status.entry(VC20, "revocation", 7 + index, LIST)],
        )

    def verify(self) -> None:
        """All of it, from the text of the token to the verdict."""
        jwt.verify(self.token, audience=CITY, keys_of={MEMBER: self.members}.get, now=NOW)
        shown = presentations.verify(self.presentation, audience=CITY, holder=MEMBER, keys=self.members, now=NOW)
        listed = status.read_list(
            self.list, url=LIST, purpose="revocation", issuer_keys=self.issuers, now=NOW, allowed_issuers=[REGION]
        )
        checked = [self._checked(one, listed) for one in shown.credentials]
        verdict = trust.judge(MEMBER, checked, ANCHORS, NOW, 300 * SECOND)
        assert verdict.trusted

    def _checked(self, one: Credential, listed: status.List) -> Checked:
        credentials.prove(one, self.issuers, NOW)
        return Checked(credential=one, revoked=listed.get(one.status[0].index), listed=listed.ends)

    def check_signatures(self) -> None:
        """The five signatures, and nothing of what they are about."""
        for key, signature, signed in self.signatures:
            key.verify(signature, signed, _ES256)


_ES256 = ec.ECDSA(hashes.SHA256())
_KINDS = (trust.MEMBERSHIP, "DeviceCredential")
ANCHORS = {REGION: Anchor(issuer=REGION, name="region", types=_KINDS, scopes=("catalog", "negotiate"))}


def _public(key: ec.EllipticCurvePrivateKey) -> PublicKey:
    return jwk.read(jwk.write(key.public_key()))


def _signature(token: str, key: ec.EllipticCurvePublicKey) -> tuple[ec.EllipticCurvePublicKey, bytes, bytes]:
    """What a bare check of a token's signature needs, in the form that the library takes."""
    opened = jws.read(token, limit=1 << 20, allowed=frozenset({"alg", "kid", "typ", "cty"}))
    r, s = opened.signature[:32], opened.signature[32:]
    return key, encode_dss_signature(int.from_bytes(r), int.from_bytes(s)), opened.signed


def full_verify(count: int) -> Row:
    """Microseconds of a whole verification."""
    shown = Shown()
    return turn_by_turn(FULL_VERIFY, count, shown.verify, shown.check_signatures)


def rules_us(count: int) -> Row:
    """Microseconds that a self-description takes: all of a node with one dataset, by their number."""
    subjects = samples.subjects()
    assert not rules.check(subjects)
    raw = msgspec.json.encode(subjects)

    def one() -> float:
        return median(lambda: rules.check(subjects), lambda: msgspec.json.decode(raw))[0] / len(subjects)

    return RULES.judged([one() for _ in range(count)], [1.0] * count)


ROWS: Mapping[str, Callable[[int], Row]] = {
    "full_verify": full_verify,
    "rules_us": rules_us,
}

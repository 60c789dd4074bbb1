"""The rows of `scripts/bench trust`: what it costs to know who calls, and that a region vouches for it.

What lives here: set-ups and measurements. What does not: judging (`rows`), load (`load`, `node`), right and wrong
(`tests/hostile/trust`).

Yardsticks are what no verifier can do without: a dict look-up and a SHA-256 for a verdict that stands, the bare
signature checks for a whole verification, the same node with compared keys for one that asks a region.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from catalog.descriptions import rules
from certs import credentials, did, jwk, jws, jwt, presentations, status, trust
from certs.credentials import Credential
from certs.jwk import PublicKey
from certs.trust import Anchor, Checked
from certs.vcdm import VC20
from connector import config, founding, node
from connector.identity.dcp import DcpIdentity
from connector.identity.pinned import Known
from connector.ports import Transaction
from connector.records import Participant, Region, Vouch
from tests.bench.load import Child, child
from tests.bench.node import MANY, Meet, folder, nodes
from tests.bench.region import Founded
from tests.bench.region import Order as Membership
from tests.bench.rows import Goal, Row, rounds, say
from tests.bench.worker import Order
from tests.catalog import samples

CACHED_VERDICT = Goal("cached_verdict", "a verdict that stands, beside a look-up and SHA-256", "us", 5.0, absolute=True)
FULL_VERIFY = Goal(
    "full_verify", "token, presentation, two credentials and list beside the signature checks in it", "us", 3.0
)
NEG_RATE_DCP = Goal(
    "neg_rate_dcp", "negotiations of members beside pinned ones, 32 at a time", "1/s", 0.8, at_least=True
)
RULES = Goal("rules_us", "one self-description judged by the rules of its class", "us", 100.0, absolute=True)
CALLS = 300
VERDICTS = 20_000
SECOND = 1_000_000
NOW = 1_790_000_000 * SECOND
CITY, MEMBER, REGION = "did:web:city.example", "did:web:member.example", "did:web:region.example"
LIST = "https://region.example/status/1"
Run = Callable[[], object]


def median(call: Run, beside: Run, count: int = CALLS) -> tuple[float, float]:
    """Microseconds of each of two calls, medians of many, called turn by turn."""
    ours: list[int] = []
    theirs: list[int] = []
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


# --- somebody who is known --------------------------------------------------------------------------------------------


class Proved(DcpIdentity):
    """A node's identity for which every token is proved already: what is left is whether its sender may come in."""

    claims: jwt.Claims

    def _verified(self, token: str, known: Known) -> jwt.Claims:
        return self.claims


@contextlib.contextmanager
def acquainted(claims: jwt.Claims) -> Iterator[Proved]:
    """The identity of a node that has admitted `MEMBER` on its region's word a moment ago, and a thousand others."""
    with folder() as directory:
        founding.initialise(directory / "node", "http://127.0.0.1:8180", public_port=0, management_port=0, lab=True)
        own = node.build(config.load(directory / "node", {}), threaded=False)
        now = own.clock.now()

        def act(tx: Transaction) -> None:
            for number in range(1_000):
                tx.put(_admitted(MEMBER if number == 0 else f"{MEMBER}:{number}", now))
            tx.put(Region(id=REGION, name="r", title="r", url="https://region.example", words="", added=0, added_by=""))

        asyncio.run(own.store.write(act))
        identity = own.trust.identity
        identity.__class__, identity.claims = Proved, claims  # type: ignore[attr-defined]
        yield identity  # type: ignore[misc]
        asyncio.run(own.close())


def _admitted(did: str, now: int) -> Participant:
    """Somebody with a verdict that stands for a while."""
    return Participant(
        id=did,
        name=did,
        url="https://member.example",
        base="https://member.example/dsp",
        keys={},
        tokens=(),
        words="",
        added=now,
        added_by=REGION,
        pinned=False,
        vouch=Vouch(region=REGION, checked=now, until=now + 3_600 * SECOND, scopes=("catalog",)),
        seen=now,
    )


async def _timed(identity: Proved, token: str) -> tuple[float, float]:
    """Microseconds of a verdict that stands, and of a look-up and a hash of the token."""
    field, known = f"Bearer {token}", {f"{MEMBER}:{number}": b"" for number in range(1_000)}
    known[MEMBER] = b"x"
    await identity.verify(field)
    took = []
    for beside in (False, True):
        began = time.perf_counter_ns()
        for _ in range(VERDICTS):
            if beside:
                sha256(token.encode()).digest()
                known.get(MEMBER)
            else:
                await identity.verify(field)
        took.append((time.perf_counter_ns() - began) / 1000 / VERDICTS)
    return took[0], took[1]


def cached_verdict(count: int) -> Row:
    """Microseconds from a proved token to the caller of whom a region's word stands."""
    token = Shown().token
    claims = jwt.peek(token, audience=CITY, now=NOW).claims
    with acquainted(claims) as identity:
        pairs = [asyncio.run(_timed(identity, token)) for _ in range(count)]
    for ours, theirs in pairs:
        say(f"{CACHED_VERDICT.id}: {ours:.2f} us, look-up and SHA-256 {theirs:.2f} us, ratio {ours / theirs:.2f}")
    return CACHED_VERDICT.judged(*zip(*pairs, strict=True))


# --- two nodes --------------------------------------------------------------------------------------------------------


def vouched(region: Child, founded: Founded) -> Meet:
    """Two nodes know each other on a region's word alone: each has shown its membership to the other."""

    def meet(*nodes: Child) -> None:
        urls = [one.line() for one in nodes]
        dids = [did.of_url(url) for url in urls]
        for one, name in zip(nodes, dids, strict=True):
            token = region.ask(Membership(name), str)
            one.ask(
                Order(do="believe", did=founded.did, url=founded.url, kid=founded.kid, key=founded.key, token=token),
                str,
            )
        for one, other, here, there in (*zip(nodes, nodes[::-1], dids, dids[::-1], strict=True),):
            grant = other.ask(Order(do="pass", did=here), str)
            assert one.ask(Order(do="admit", did=there, token=grant), bool), "known, and not by its keys"

    return meet


def neg_rate_dcp(count: int) -> Row:
    """Negotiations a second between members of a region, beside nodes that have compared keys."""
    with child("tests.bench.region") as region:
        founded = msgspec.json.decode(region.line(), type=Founded)
        with nodes(vouched(region, founded)) as ours, nodes() as theirs:
            return rounds(NEG_RATE_DCP, count, lambda: ours.negotiate(MANY).rate, lambda: theirs.negotiate(MANY).rate)


ROWS: Mapping[str, Callable[[int], Row]] = {
    "cached_verdict": cached_verdict,
    "full_verify": full_verify,
    "neg_rate_dcp": neg_rate_dcp,
    "rules_us": rules_us,
}

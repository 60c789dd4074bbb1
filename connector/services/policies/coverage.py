"""Coverage: which rules and constraints of contracts have been true and false in accesses, since the node started.

What lives here: taking accesses down, counting them when there is time for it, the sums under a policy. What does not:
judging (the gate). An access costs the gate one entry in a list: what was true in it is found out afterwards, here, and
nothing is written to the store. Where more come than are counted, the rest is told as left out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from connector.ports import Clock, Reading, Store
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, PolicyVersion, PublishedOffer
from connector.services.policies.kept import version_of
from policies import operands, parse, truth
from policies.evaluate import applies, numbered
from policies.facts import Facts
from policies.model import Access, Atomic, Policy, PolicyKind, Rule, RuleKind, atoms
from policies.truth import Truth

WAITING: Final = 2_000
"""Accesses that may wait to be counted."""
CONTRACTS: Final = 1_000
"""Contracts that are counted; of the ones beyond that, nothing is."""
_AT_ONCE: Final = 50
_SECOND: Final = 1_000_000
_KINDS: Final = (RuleKind.PERMISSION, RuleKind.PROHIBITION)


class Seen(Struct, frozen=True):
    """One access as it was judged."""

    agreement: str
    policy: Policy
    access: Access
    now: int
    count: int


class Hits(Struct):
    """How often something held, did not, or could not be said."""

    held: int = 0
    failed: int = 0
    unknown: int = 0

    def note(self, found: Truth) -> None:
        """One more access."""
        match found:
            case True:
                self.held += 1
            case False:
                self.failed += 1
            case None:
                self.unknown += 1

    def add(self, other: Hits) -> None:
        """Those of another contract too."""
        self.held += other.held
        self.failed += other.failed
        self.unknown += other.unknown


Counts = dict[tuple[str, str], Hits]
"""(rule, constraint; "" is the rule itself) -> hits."""


class Covered(Struct, frozen=True):
    """The sums under one policy: since when, of how many accesses, how many of all policies were left out, by rule and
    constraint. Those of the policy's own text come first; the others were negotiated."""

    policy: PolicyVersion
    since: int
    accesses: int
    left_out: int
    counts: Mapping[tuple[str, str], Hits]


class Coverage:
    """Counts of this node. `note` is called by the gate for every access that it judges."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._since = clock.now()
        self._waiting: deque[Seen] = deque()
        self._counts: dict[str, Counts] = {}
        self._accesses: dict[str, int] = {}
        self._left_out = 0
        self._last: dict[str, tuple[Seen, list[tuple[Hits, Truth]]]] = {}

    def note(self, agreement: str, policy: Policy, access: Access, now: int, count: int) -> None:
        """Take an access down."""
        if len(self._waiting) >= WAITING or (agreement not in self._accesses and len(self._accesses) >= CONTRACTS):
            self._left_out += 1
            return
        self._accesses[agreement] = self._accesses.get(agreement, 0) + 1
        self._waiting.append(Seen(agreement, policy, access, now, count))

    async def work(self) -> None:
        """Count what waits, giving others their turn in between."""
        while self._waiting:
            for _ in range(min(_AT_ONCE, len(self._waiting))):
                self._count(self._waiting.popleft())
            await asyncio.sleep(0)

    async def of(self, name: str) -> Covered:
        """The sums under all versions of a policy, or under the one that `name@version` says. Raises `InputError`."""
        await self.work()
        version, agreements = await self._store.read(lambda view: _under(view, name, tuple(self._counts)))
        counts: Counts = {key: Hits() for key, _ in _parts(parse.from_dsp(version.document, PolicyKind.OFFER))}
        for agreement in agreements:
            for key, hits in self._counts[agreement].items():
                counts.setdefault(key, Hits()).add(hits)
        return Covered(
            policy=version,
            since=self._since,
            accesses=sum(self._accesses[agreement] for agreement in agreements),
            left_out=self._left_out,
            counts=counts,
        )

    def _count(self, seen: Seen) -> None:
        last = self._last.get(seen.agreement)
        if last is None or not _is_alike(seen, last[0]):
            last = self._last[seen.agreement] = (seen, list(self._found(seen)))
        for hits, found in last[1]:
            hits.note(found)

    def _found(self, seen: Seen) -> Iterator[tuple[Hits, Truth]]:
        """What was true in an access, beside where it is counted."""
        counts = self._counts.setdefault(seen.agreement, {})
        facts = Facts(seen.access, seen.now, seen.count, seen.policy.timestamp)
        for key, part in _parts(seen.policy):
            found = applies(part, seen.policy, facts) if isinstance(part, Rule) else truth.truth(part, facts)
            yield counts.setdefault(key, Hits()), found


def _is_alike(one: Seen, other: Seen) -> bool:
    """Is the same true in both? Time is looked at by the second: finding out costs many times what deciding does."""
    same = one.policy is other.policy and one.count == other.count and one.now // _SECOND == other.now // _SECOND
    return same and one.access == other.access


def _parts(policy: Policy) -> Iterator[tuple[tuple[str, str], Rule | Atomic]]:
    """What is counted: every permission and prohibition, each followed by its constraints."""
    for kind in _KINDS:
        for name, rule in numbered(policy, kind):
            yield (name, ""), rule
            yield from (((name, _said(atom)), atom) for atom in atoms(rule.constraints))


def _said(atom: Atomic) -> str:
    """A constraint as people can tell it from the others: `purpose isA https://w3id.org/dpv#PublicBenefit`."""
    operand = operands.find(atom.left)
    values = atom.right if operand is None else tuple(operand.write(value)[0] for value in atom.right)
    return f"{atom.left if operand is None else operand.name} {atom.operator} {' '.join(values)}"


def _under(view: Reading, name: str, counted: Iterable[str]) -> tuple[PolicyVersion, Sequence[str]]:
    """The version that is named, and those of the contracts that were concluded under it or, where the name says no
    version, under any."""
    version = version_of(view, name)
    versions = {version.id} if version.id == name else {f"{version.name}@{n}" for n in range(1, version.version + 1)}
    return version, [agreement for agreement in counted if _policy_of(view, agreement) in versions]


def _policy_of(view: Reading, id: str) -> str | None:
    """The version of a policy that a contract goes back to: that of the offer it was negotiated about."""
    agreement = view.get(Agreement, id)
    negotiation = None if agreement is None else view.get(Negotiation, agreement.negotiation)
    if negotiation is None:
        return None
    terms = negotiation.terms or negotiation.asked or {}
    offer = view.get(PublishedOffer, str(terms.get("@id")))
    return None if offer is None else offer.policy

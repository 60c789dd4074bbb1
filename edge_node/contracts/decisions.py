"""May readings go to a consumer now? The device decides by its orders alone, as its node would.

What lives here: the decision on one delivery. What does not: getting orders (`orders`), what is done to readings that
go (`leaving`), what a policy means (`policies`). It follows the node's gate (`connector.data.gate`): the agreement has
to be in force, the party's credentials have to stand, and the policy has to permit the access with what is known of it.
What the node knows of the party, the data and the world comes with the orders (`Delivery.facts`).

INVARIANT: what is not known refuses. Orders, status lists and the clock are believed only as far as they go: orders
that are older than they allow, a list beyond its end, a clock that nobody has set decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from connector.data.rates import Rates
from connector.data.readings.orders import Delivery, Orders
from edge_node.contracts.standing import is_set
from policies import instants
from policies.compile import Compiled, compiled
from policies.facts import REQUEST_RATE
from policies.model import Access, Deed, Policy, PolicyError, PolicyKind, Reason
from policies.needs import counts, windows
from policies.parse import from_dsp
from policies.transforms import Chain, chain, deeds
from policies.transforms.steps import Delay, Sign
from policies.vocabulary import READ

SECOND: Final = 1_000_000
LEEWAY: Final = 60 * SECOND
"""How far the node's clock may be ahead."""
_KEPT: Final = 64


class Moment(Struct, frozen=True):
    """What is known of the time: `now` in microseconds UTC, which is no later than the truth; `sure` where the clock
    was set since the device started, which happened at `since`."""

    now: int
    sure: bool = True
    since: int = 0


class Refusal(Struct, frozen=True):
    """Why nothing may go: a code with parameters; `more` are further reasons."""

    code: str
    params: Mapping[str, str] = {}
    more: tuple[Reason, ...] = ()


class Permit(Struct, frozen=True):
    """Readings may go to `consumer` ("": the device's own node) under `agreement`, with these steps done to them (None:
    none). `rule` is the rule that permits, `since` from when on they were taken."""

    consumer: str
    agreement: str
    rule: str = ""
    chain: Chain | None = None
    since: int = 0

    @property
    def masks(self) -> bool:
        """Does the consumer get other readings than the device has? Then they get names and numbers of their own."""
        steps = () if self.chain is None else self.chain.steps
        return any(not isinstance(step, (Delay, Sign)) for step in steps)


class _Terms(Struct, frozen=True):
    """An agreement read: `target` is what it is about."""

    document: Mapping[str, object]
    terms: Compiled
    target: str
    chain: Chain | None
    done: tuple[Deed, ...]
    windows: tuple[str, ...]
    counts: bool


class Decisions:
    """Decides on deliveries. Agreements are read once; requests are counted where the terms limit their rate, and
    forgotten when the process ends, as at the node."""

    def __init__(self) -> None:
        self._read: dict[str, _Terms] = {}
        self._rates = Rates()

    def home(self, orders: Orders | None) -> Permit | Refusal:
        """Readings to the device's own node: that is no use by anybody else, and needs no agreement."""
        if orders is not None and orders.retired:
            return Refusal("orders.retired")
        return Permit("", "")

    def decide(self, delivery: Delivery, orders: Orders, moment: Moment) -> Permit | Refusal:
        """May readings go under this delivery now? Asked anew before every request; never raises."""
        refusal = _out_of_force(delivery, orders, moment) or _revoked(delivery, orders, moment)
        if refusal is not None:
            return refusal
        try:
            terms = self._terms(delivery)
        except PolicyError as error:
            return Refusal(error.reason.code, error.reason.params)
        except Exception:
            return Refusal("policy.failed")
        return self._judged(delivery, terms, moment.now)

    def asked(self, delivery: Delivery, now: int) -> None:
        """A request to the consumer is made."""
        if (terms := self._read.get(delivery.agreement)) is not None:
            self._rates.note(delivery.agreement, terms.windows, now)

    def _terms(self, delivery: Delivery) -> _Terms:
        """The agreement as it is to be judged by. INVARIANT: what is remembered is used only for the same document."""
        known = self._read.get(delivery.agreement)
        if known is not None and known.document == delivery.policy:
            return known
        policy = from_dsp(delivery.policy, kind=PolicyKind.AGREEMENT)
        steps = chain(policy)
        made = _Terms(
            document=delivery.policy,
            terms=compiled(policy),
            target=_target(policy),
            chain=steps,
            done=tuple(deeds(policy.rules)) if steps is not None else (),
            windows=windows(policy),
            counts=counts(policy),
        )
        if len(self._read) >= _KEPT:
            del self._read[next(iter(self._read))]
        self._read[delivery.agreement] = made
        return made

    def _judged(self, delivery: Delivery, terms: _Terms, now: int) -> Permit | Refusal:
        if terms.counts and not delivery.use:
            return Refusal("delivery.uncounted")
        values = {left: tuple(found) for left, found in delivery.facts.items()}
        if terms.windows:
            values[REQUEST_RATE] = self._rates.measured(delivery.agreement, terms.windows, now)
        # The duties count as done, for nothing goes without the steps that they are.
        access = Access(READ, delivery.consumer, terms.target, values, performed=terms.done)
        try:
            decision = terms.terms.decide(access, now, max(delivery.use - 1, 0))
        except Exception:
            return Refusal("policy.failed")
        if decision.permit:
            return Permit(delivery.consumer, delivery.agreement, decision.rule or "", terms.chain, delivery.since)
        unknown = tuple(Reason("fact.unknown", {"operand": operand}) for operand in decision.unknown)
        reasons = decision.reasons or unknown or (Reason("policy.refused"),)
        return Refusal(reasons[0].code, reasons[0].params, reasons[1:])


def _target(policy: Policy) -> str:
    """What an agreement is about: one thing, whichever of its rules says so."""
    named = {rule.target.iri for rule in policy.rules if rule.target is not None}
    if policy.target is not None:
        named.add(policy.target)
    if len(named) != 1:
        raise PolicyError(Reason("delivery.target"))
    return named.pop()


def _out_of_force(delivery: Delivery, orders: Orders, moment: Moment) -> Refusal | None:
    """Why orders and delivery carry nothing."""
    if orders.retired:
        return Refusal("orders.retired")
    if not moment.sure or moment.now + LEEWAY < orders.issued:
        return Refusal("clock.unsure")
    if moment.now >= orders.issued + orders.stale * SECOND:
        return Refusal("orders.stale", {"issued": instants.stamp(orders.issued), "seconds": str(orders.stale)})
    if delivery.suspended:
        return Refusal("delivery.suspended")
    if delivery.ends and moment.now >= delivery.ends:
        return Refusal("contract.expired", {"until": instants.stamp(delivery.ends)})
    return None


def _revoked(delivery: Delivery, orders: Orders, moment: Moment) -> Refusal | None:
    """Why what the consumer has shown does not stand any more, or nobody can say that it does."""
    for one in delivery.standing:
        found, about = orders.lists.get(one.list), {"list": one.list}
        if found is None:
            return Refusal("status.missing", about)
        if moment.now >= (found.until or found.seen + orders.stale * SECOND):
            return Refusal("status.stale", {**about, "seen": instants.stamp(found.seen)})
        try:
            if is_set(found.bits, one.index):
                return Refusal("status.revoked", about)
        except ValueError:
            return Refusal("status.unreadable", about)
    return None

"""Named policies: a new version of one, who has to agree before it may be used, its signature, its end.

What lives here: versions, four eyes, signing, retiring, the history. What does not: what a policy means (`policies`),
offers under one (`offers`). Contracts hold their own text, so nothing here changes one.

INVARIANT: a version never changes what it says; what is said anew is a new version. Nobody approves what they have
drafted, and nobody approves twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from connector.errors import InputError
from connector.pages import every
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import Entry, PolicyVersion, PublishedOffer, Sanction
from connector.services.approval.naming import named
from connector.services.decisions import not_understood
from connector.services.offers import Offers
from connector.services.policies.kept import drafts, live_under, usable, version_of
from policies import canonical, parse, render
from policies.model import Policy, PolicyError, PolicyKind
from policies.transforms import chain

PAGE = 100


class Sealed(Struct, frozen=True, kw_only=True):
    """What is signed of a version, as the payload of a JWS: what it says (`digest`), where that comes from, why it is
    so, and who has answered for it."""

    policy: str
    digest: str
    template: str
    reason: str
    drafted_by: str
    approved_by: tuple[str, ...]
    signed_by: str
    signed: int


class Past(Struct, frozen=True):
    """A version, and how many live offers are under it."""

    version: PolicyVersion
    offers: int


class Policies:
    """The policies of this node. `approvals` people have to agree to a new version; `seal` signs with its key, `opened`
    tells what one of its keys has signed, those that sign no more included."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        offers: Offers,
        approvals: int,
        seal: Callable[[Sealed], str],
        opened: Callable[[str], Sealed | None],
    ) -> None:
        self._store, self._clock, self._offers = store, clock, offers
        self._approvals, self._seal, self._opened = approvals, seal, opened

    # --- versions -----------------------------------------------------------------------------------------------------

    async def add(
        self,
        operator: str,
        name: str,
        document: JsonObject,
        *,
        template: str = "",
        reason: str = "",
        follow: bool = False,
    ) -> PolicyVersion:
        """Keep a policy, or a new version of it; what is not understood is refused with its name and place.

        `follow`: live offers under earlier versions are published anew under it as soon as it may be used.
        """
        named(name)
        understood = _understood(document)

        def act(tx: Transaction) -> PolicyVersion:
            version = tx.count(PolicyVersion, name=name) + 1
            kept = PolicyVersion(
                id=f"{name}@{version}",
                name=name,
                version=version,
                document=render.to_dsp(understood),
                created=self._clock.now(),
                created_by=operator,
                digest=canonical.digest(understood),
                template=template,
                reason=reason,
                needs=self._approvals,
                follow=follow,
            )
            tx.put(kept)
            params = {"policy": kept.id, "digest": kept.digest, "template": template or "-", "reason": reason or "-"}
            tx.record(Entry(event="policy.added", actor=operator, params=params))
            if not kept.approved:
                params = {"policy": kept.id, "needs": str(kept.needs)}
                tx.record(Entry(event="policy.drafted", actor=operator, params=params))
            self._followed(tx, kept)
            return kept

        return await self._store.write(act)

    async def select(self, *, after: str = "", limit: int = PAGE) -> list[PolicyVersion]:
        """Policies in the order of their ids, every version."""
        return await self._store.read(lambda view: view.select(PolicyVersion, after=after, limit=limit))

    async def get(self, name: str) -> PolicyVersion:
        """The latest version under a name, or the one that `name@version` says. Raises `InputError`."""
        return await self._store.read(lambda view: version_of(view, name))

    async def history(self, name: str) -> Sequence[Past]:
        """Every version under a name, from the first on. Raises `InputError`."""

        def look(view: Reading) -> Sequence[Past]:
            known = version_of(view, name).name
            found = sorted(every(view, PolicyVersion, name=known), key=lambda one: one.version)
            return [Past(one, view.count(PublishedOffer, policy=one.id, live=True)) for one in found]

        return await self._store.read(look)

    def genuine(self, one: PolicyVersion) -> bool | None:
        """Is its signature by a key of this node, and over just what is kept? None where it is not signed."""
        if one.signed is None:
            return None
        try:
            return self._opened(one.signature) == _sealed(one)
        except InputError:  # What cannot be understood any more cannot be compared either.
            return False

    # --- what is done with one ----------------------------------------------------------------------------------------

    async def approve(self, operator: str, name: str, reason: str = "") -> PolicyVersion:
        """One more person agrees. Raises `InputError`: drafted or approved by the same person, nothing to approve, or
        several drafts of that name, so that nobody knows which one the person has read."""

        def act(tx: Transaction) -> PolicyVersion:
            one = version_of(tx, name)
            if one.id != name and len(waiting := drafts(tx, one)) > 1:
                raise InputError("policy.which", policies=", ".join(waiting))
            if one.retired is not None:
                raise InputError("policy.retired", policy=one.id)
            if one.approved:
                raise InputError("policy.approved", policy=one.id)
            if operator == one.created_by:
                raise InputError("policy.own", policy=one.id, operator=operator)
            if any(operator == vote.operator for vote in one.approvals):
                raise InputError("policy.voted", policy=one.id, operator=operator)
            vote = Sanction(operator=operator, at=self._clock.now(), reason=reason)
            approved = replace(one, approvals=(*one.approvals, vote))
            tx.put(approved)
            params = {"policy": one.id, "digest": one.digest, "reason": reason or "-"}
            tx.record(Entry(event="policy.approved", actor=operator, params=params))
            self._followed(tx, approved)
            return approved

        return await self._store.write(act)

    async def sign(self, operator: str, name: str, reason: str = "") -> PolicyVersion:
        """Sign a version that may be used. Raises `InputError`: signed already, not approved, retired."""

        def act(tx: Transaction) -> PolicyVersion:
            one = usable(version_of(tx, name))
            if one.signed is not None:
                raise InputError("policy.signed", policy=one.id)
            signed = replace(one, signed=self._clock.now(), signed_by=operator, reason=reason or one.reason)
            sealed = replace(signed, signature=self._seal(_sealed(signed)))
            tx.put(sealed)
            params = {"policy": one.id, "digest": sealed.digest, "signature": sealed.signature}
            tx.record(Entry(event="policy.signed", actor=operator, params=params))
            return sealed

        return await self._store.write(act)

    async def retire(self, operator: str, name: str, reason: str = "", *, offers: bool = False) -> PolicyVersion:
        """Publish nothing more under a version. Raises `InputError` where it is retired, or offered and `offers` is
        False; with `offers` the live offers under it go too."""

        def act(tx: Transaction) -> PolicyVersion:
            one = version_of(tx, name)
            if one.retired is not None:
                raise InputError("policy.retired", policy=one.id)
            live = live_under(tx, [one.id])
            if live and not offers:
                raise InputError("policy.offered", policy=one.id, offers=str(len(live)))
            for offer in live:
                self._offers.retire_in(tx, operator, offer)
            retired = replace(one, retired=self._clock.now(), retired_by=operator)
            tx.put(retired)
            params = {"policy": one.id, "offers": str(len(live)), "reason": reason or "-"}
            tx.record(Entry(event="policy.retired", actor=operator, params=params))
            return retired

        return await self._store.write(act)

    def _followed(self, tx: Transaction, one: PolicyVersion) -> None:
        """Where a version may be used and live offers are to follow, each gets a new version under it. Who has asked
        for that publishes: to approve terms is not to draft an offer, and who has approved may decide about contracts.
        """
        if not (one.follow and one.usable):
            return
        for offer in live_under(tx, [f"{one.name}@{earlier}" for earlier in range(1, one.version)]):
            self._offers.publish_anew(tx, one.created_by, offer, one)


def _sealed(one: PolicyVersion) -> Sealed:
    return Sealed(
        policy=one.id,
        digest=canonical.digest(_understood(one.document)),
        template=one.template,
        reason=one.reason,
        drafted_by=one.created_by,
        approved_by=tuple(vote.operator for vote in one.approvals),
        signed_by=one.signed_by,
        signed=one.signed or 0,
    )


def _understood(document: JsonObject) -> Policy:
    try:
        found = parse.from_dsp(document, PolicyKind.OFFER)
        # A duty that could never be done would refuse every access.
        chain(found)
    except PolicyError as error:
        reason = not_understood(error)
        raise InputError(reason.code, **reason.params) from None
    return found

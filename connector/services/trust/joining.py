"""Joining a region with a one-time code: its trust, a certificate, a membership credential, a published description.

What lives here: the order of the steps, and which is the next one. What does not: what each step does (`regions`,
`certificates`, `wallet`, `descriptions`), the region's side (`connector.services.region`).

Each call of `go_on` does one step. What is done is seen from what is there, so that a node that was killed in between
goes on where it was when the command is typed again, and a step that was done twice is done once. The code is given
with each call and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from certs import codes
from certs.codes import CodeError
from certs.trust import MEMBERSHIP
from connector.errors import InputError
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Entry, HeldCredential, Region, Wish
from connector.services.trust.regions import Belief, Regions, Sighting
from policies.model import Reason

PATIENCE, LOOK_SECONDS = 10.0, 0.1
"""Seconds that one call waits for a delivery, and between two looks at whether it has come."""


class Step(StrEnum):
    """What joining consists of, in this order."""

    TRUST = "trust"
    CERTIFICATES = "certificates"
    CREDENTIAL = "credential"
    DESCRIPTION = "description"


class Enrols(Protocol):
    """Certificates of this node from a region (`certificates`)."""

    async def has(self, region: Region) -> bool:
        """Whether this node has certificates of this region that count."""

    async def enrol(self, region: Region, code: str) -> None:
        """Get them. Raises `NodeError`."""


class Requests(Protocol):
    """Credentials of this node from an issuer (`wallet`)."""

    async def request(
        self, issuer: str, kinds: Sequence[str], code: str | None = None, *, operator: str = "", private: bool = False
    ) -> Wish:
        """Ask for credentials; what is asked for already goes on."""

    async def wish(self, id: str) -> Wish:
        """How far a request is."""


class Publishes(Protocol):
    """This node's descriptions of itself (`descriptions`)."""

    async def published(self) -> bool:
        """Whether it has published one."""

    async def publish(self) -> None:
        """Make and publish it. Raises `NodeError`."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far joining has come. `done` are the steps that need nothing any more, `waiting` why the next one is not done
    although it was tried."""

    region: Region | None
    title: str
    done: tuple[Step, ...]
    steps: tuple[Step, ...]
    waiting: Reason | None = None

    @property
    def joined(self) -> bool:
        """Is everything done?"""
        return len(self.done) == len(self.steps)


class Joining:
    """Joins regions. Parts that this node does not have are left out."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        regions: Regions,
        requests: Requests,
        enrols: Enrols | None = None,
        publishes: Publishes | None = None,
    ) -> None:
        self._store, self._clock, self._regions = store, clock, regions
        self._requests, self._enrols, self._publishes = requests, enrols, publishes

    async def go_on(self, operator: str, url: str, code: str, *, private: bool = False) -> Progress:
        """Do the next step of joining the region at `url`. Every call looks at the region and compares the code again.

        INVARIANT: a root is public. The code goes nowhere before whoever answers has proved to be the region with that
        root. Raises as the parts do, and `InputError` `code.form`, `code.root` (another region's code, or another
        region answers), `region.no_root`, `region.unproved`.
        """
        read = _read(code)
        seen = await self._regions.look(url, private=private)
        if not read.names(_der(seen)):
            raise InputError("code.root", region=seen.title)
        if not seen.proved:
            raise InputError("region.unproved", url=seen.url)
        steps = self._steps(seen)
        done = await self._done(seen, steps)
        if len(done) == len(steps):
            return Progress(region=await self._known(seen), title=seen.title, done=done, steps=steps)
        waiting = await self._do(steps[len(done)], operator, seen, read.text, private)
        now = await self._done(seen, steps)
        if len(now) == len(steps):
            await self._store.write(lambda tx: _note(tx, operator, seen))
        return Progress(region=await self._known(seen), title=seen.title, done=now, steps=steps, waiting=waiting)

    def _steps(self, seen: Sighting) -> tuple[Step, ...]:
        left_out = {Step.CERTIFICATES: self._enrols is None, Step.DESCRIPTION: self._publishes is None}
        return tuple(step for step in Step if not left_out.get(step))

    async def _known(self, seen: Sighting) -> Region | None:
        return await self._store.read(lambda view: view.get(Region, seen.did))

    async def _done(self, seen: Sighting, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps that need nothing, up to the first that does."""
        region = await self._known(seen)
        done: list[Step] = []
        for step in steps:
            if region is None or not await self._is_done(step, region):
                break
            done.append(step)
        return tuple(done)

    async def _is_done(self, step: Step, region: Region) -> bool:
        match step:
            case Step.TRUST:
                return region.own
            case Step.CERTIFICATES:
                return self._enrols is not None and await self._enrols.has(region)
            case Step.CREDENTIAL:
                now = self._clock.now()
                return await self._store.read(lambda view: membership(view, region.id, now)) is not None
            case Step.DESCRIPTION:
                return self._publishes is not None and await self._publishes.published()

    async def _do(self, step: Step, operator: str, seen: Sighting, code: str, private: bool) -> Reason | None:
        if step is Step.TRUST:
            known = await self._known(seen)
            belief = Belief(private=private)
            if known is not None and not known.vouched_by:  # what an operator has decided about it stands
                belief = Belief(
                    types=known.types, scopes=known.scopes, vouches=known.vouches, private=private or known.private
                )
            await self._regions.believe(operator, seen, "", belief, compared=True, own=True)
            return None
        region = await self._known(seen)
        assert region is not None
        if step is Step.CERTIFICATES and self._enrols is not None:
            await self._enrols.enrol(region, code)
        elif step is Step.CREDENTIAL:
            return await self._ask(operator, region, code)
        elif step is Step.DESCRIPTION and self._publishes is not None:
            await self._publishes.publish()
        return None

    async def _ask(self, operator: str, region: Region, code: str) -> Reason | None:
        """Ask for the membership credential and wait a little, for the region delivers it of its own accord.

        Raises `InputError` `join.refused`.
        """
        wish = await self._requests.request(region.id, (MEMBERSHIP,), code, operator=operator, private=region.private)
        until = self._clock.monotonic() + PATIENCE
        while wish.state == "open" and self._clock.monotonic() < until:
            await self._clock.sleep(LOOK_SECONDS)
            wish = await self._requests.wish(wish.id)
        if wish.state == "rejected":
            raise InputError("join.refused", region=region.title, said=wish.rejected)
        return Reason("join.waiting", {"region": region.title}) if wish.state == "open" else None


def membership(view: Reading, region: str, now: int) -> HeldCredential | None:
    """This node's membership credential of a region that counts now and ends last; None where there is none."""
    held = [
        one
        for one in view.select(HeldCredential, issuer=region)
        if one.kind == MEMBERSHIP and one.begins <= now < one.ends
    ]
    return max(held, key=lambda one: one.ends, default=None)


def _read(code: str) -> codes.Code:
    try:
        return codes.read(code)
    except CodeError as error:
        raise InputError("code.form", why=error.why, part=error.part) from None


def _der(seen: Sighting) -> bytes:
    """The region's root certificate. Raises `InputError` `region.no_root`."""
    try:
        return x509.load_pem_x509_certificate(seen.root.encode()).public_bytes(Encoding.DER)
    except ValueError:
        raise InputError("region.no_root", region=seen.title) from None


def _note(tx: Transaction, operator: str, seen: Sighting) -> None:
    tx.record(Entry(event="region.joined", actor=operator, params={"region": seen.did, "title": seen.title}))

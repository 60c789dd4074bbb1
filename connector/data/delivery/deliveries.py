"""Deliveries as an operator sees them: asking for one, what has arrived, how a transfer's data move.

What lives here: the request, and reading what is kept. What does not: delivering (`data.delivery.delivering`), taking
parts in (`data.delivery.receiving`), fetching (`data.consuming.fetching`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from msgspec import Struct

from connector.data.address import Addresses
from connector.data.delivery.receiving import Received, Receiving
from connector.errors import InputError, MessageError
from connector.ports import Reading, Store, Sure, at_once
from connector.protocol.machine import Role
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Delivery, Endpoint, Reception, TokenUse
from connector.services.addresses import interval, is_place
from connector.services.formats import PULL_PROFILE, best_push, is_push
from connector.services.life.contracts import Contracts
from connector.services.transfers import Transfers

Offered = Callable[[str, str], Awaitable[Collection[str]]]
"""In which formats a peer offers a dataset; none where it does not say."""


class Flow(Struct, frozen=True, kw_only=True):
    """How the data of a transfer move. `kind` is `pull` or `push`. Of a pull: `access` is `lasting` or `renewed`, by
    its token; `expires` is when the one that is here ends (consumer), `renewals` how often it was renewed since the
    last start (provider).

    Of a push: `url` is whereto, `every` microseconds between two deliveries, `deliveries` how many were finished,
    `part` how many parts of the present one have arrived and `bytes` how much of it, `total` how much in all;
    `finished` and `due` are when the last one was finished and when the next begins; `why` the code of what it waits
    for.
    """

    kind: str
    access: str = ""
    expires: int | None = None
    renewals: int = 0
    url: str = ""
    every: int = 0
    deliveries: int = 0
    part: int = 0
    bytes: int = 0
    total: int = 0
    finished: int | None = None
    due: int | None = None
    why: str = ""


class Deliveries:
    """Deliveries of this node. `addresses` makes the address of its inbox."""

    def __init__(
        self,
        *,
        store: Store,
        contracts: Contracts,
        transfers: Transfers,
        receiving: Receiving,
        addresses: Addresses,
        offered: Offered,
        sure: Sure = at_once,
    ) -> None:
        self._store, self._contracts, self._transfers = store, contracts, transfers
        self._receiving, self._addresses, self._offered, self._sure = receiving, addresses, offered, sure

    async def ask(self, operator: str, contract: str, *, to: str = "", every: str = "") -> Transfer:
        """Ask the provider of a contract to deliver: into our inbox, or `to` the address of an application; once, or
        `every` so often (a duration of xsd).

        Raises `InputError`: `push.to`, `push.every`, `push.running` where such a transfer is under way,
        `push.unoffered` where the provider delivers nothing, and as `Transfers.request`.
        """
        if to and not is_place(to):
            raise InputError("push.to", url=to[:200])
        try:
            interval(every)
        except MessageError:
            raise InputError("push.every", every=every[:80]) from None
        agreement = await self._contracts.get(contract)
        if agreement.role != Role.CONSUMER:
            raise InputError("agreement.provided", id=contract)
        running = [one for one in await self._pushes(contract) if not TRANSFER.is_terminal(one.state)]
        if running:
            raise InputError("push.running", transfer=running[-1].id)
        await self._sure(agreement.peer)
        format = best_push(await self._offered(agreement.peer, agreement.dataset))
        if not format:
            raise InputError("push.unoffered", contract=contract)
        return await self._transfers.request(
            operator,
            contract,
            format=format,
            inbox=lambda pid, kind: self._addresses.inbox(pid, kind, to=to, every=every),
        )

    async def received(self, contract: str) -> Received:
        """What was delivered last under a contract. Raises `InputError` where nothing whole is there."""
        found = [await self._whole(one.id) for one in await self._pushes(contract)]
        whole = [one for one in found if one is not None]
        if not whole:
            raise InputError("push.nothing", contract=contract)
        return max(whole, key=lambda one: one.reception.ended)

    async def flow(self, transfer: Transfer) -> Flow:
        """How its data move."""
        if is_push(transfer.format) and transfer.role is Role.CONSUMER:
            return _arriving(await self._receiving.receptions(transfer.id))
        return await self._store.read(lambda view: _flow(view, transfer))

    async def _pushes(self, contract: str) -> list[Transfer]:
        known = await self._transfers.select(agreement=contract, role=Role.CONSUMER, limit=1000)
        return [one for one in known if is_push(one.format)]

    async def _whole(self, pid: str) -> Received | None:
        try:
            return await self._receiving.received(pid)
        except InputError:
            return None


def _flow(view: Reading, transfer: Transfer) -> Flow:
    endpoint, used = view.get(Endpoint, transfer.id), view.get(TokenUse, transfer.id)
    if is_push(transfer.format):
        return _leaving(view.get(Delivery, transfer.id), endpoint)
    renewed = transfer.format == PULL_PROFILE or bool(endpoint and endpoint.expires)
    return Flow(
        kind="pull",
        access="renewed" if renewed else "lasting",
        expires=endpoint.expires if endpoint and endpoint.expires else None,
        renewals=used.renewal if used else 0,
    )


def _leaving(delivery: Delivery | None, endpoint: Endpoint | None) -> Flow:
    if delivery is None:
        return Flow(kind="push")
    return Flow(
        kind="push",
        url=endpoint.url if endpoint else "",
        every=delivery.every,
        deliveries=delivery.done,
        part=delivery.part,
        bytes=delivery.offset,
        total=delivery.bytes,
        finished=delivery.finished or None,
        due=delivery.due or None,
        why=delivery.reason.code if delivery.reason else "",
    )


def _arriving(receptions: list[Reception]) -> Flow:
    under_way = [one for one in receptions if one.state == "open"]
    done = [one for one in receptions if one.state == "whole"]
    last = under_way[-1] if under_way else None
    return Flow(
        kind="push",
        deliveries=sum(1 + one.earlier for one in done),
        part=last.part if last else 0,
        bytes=last.offset if last else 0,
        total=sum(one.offset + one.total for one in receptions),
        finished=max((one.ended for one in done), default=None),
    )

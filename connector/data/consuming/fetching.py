"""From a contract to its bytes: a transfer that is under way, or a new one, and a pull from its address.

What lives here: finding or asking for the transfer, waiting for its start, opening what is sealed. What does not: the
pull itself (`data.consuming.pull`), moving a transfer (`services.transfers`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial

import msgspec

from connector.data.consuming.pull import Order, Pull, UnprovedError, ended, pull
from connector.data.consuming.renewing import Renewing
from connector.errors import DeliveryError, InputError, RefusedError
from connector.ports import Clock, Peer, Store, Sure, at_once
from connector.protocol.machine import Role
from connector.protocol.messages import TransferState
from connector.protocol.transfer import TRANSFER, Terminate, Transfer
from connector.records import Endpoint, Participant
from connector.services.addresses import AUTH_TYPE, BARE
from connector.services.formats import best_pull, is_push
from connector.services.life.contracts import Contracts, standing
from connector.services.transfers import Transfers
from policies.model import Reason

PATIENCE = 20.0
"""Seconds that a provider has for starting a transfer."""


Offered = Callable[[str, str], Awaitable[Collection[str]]]
"""In which formats a peer offers a dataset; none where it does not say."""


class Fetching:
    """Fetches under contracts in which this node is the consumer. `unseal` opens what `Transfers` has sealed."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        peer: Peer,
        contracts: Contracts,
        transfers: Transfers,
        unseal: Callable[[bytes, bytes], bytes],
        renewing: Renewing,
        offered: Offered,
        patience: float = PATIENCE,
        sure: Sure = at_once,
    ) -> None:
        self._store, self._clock, self._peer = store, clock, peer
        self._contracts, self._transfers = contracts, transfers
        self._unseal, self._patience, self._sure = unseal, patience, sure
        self._renewing, self._offered = renewing, offered

    async def open(
        self,
        operator: str,
        contract: str,
        *,
        member: str = "",
        purpose: str | None = None,
        spatial: str | None = None,
        stated: str = "",
        range: str = "",
        etag: str = "",
        have: str = "",
        query: str = "",
    ) -> tuple[Transfer, Pull]:
        """The transfer and its pull, whose headers have arrived; `range`, `etag` and `have` as `Order` has them.

        Raises `InputError` (no such contract, or not as its consumer), `RefusedError` with the provider's reason,
        `DeliveryError` where the provider does not start the transfer in time or cannot be reached.
        """
        asked = {"member": member, "purpose": purpose, "spatial": spatial, "stated": stated}
        asked |= {"range": range, "etag": etag, "have": have, "query": query}
        transfer, order = await self.order(operator, contract)
        try:
            return transfer, await self._pull(order, asked)
        except UnprovedError:
            # Its grant key was destroyed, or ours: nothing that we hold for this transfer opens anything any more.
            await self._give_up(transfer)
        transfer, order = await self.order(operator, contract)
        return transfer, await self._pull(order, asked)

    async def ended(
        self,
        operator: str,
        contract: str,
        etag: str,
        *,
        member: str = "",
        purpose: str | None = None,
        spatial: str | None = None,
        stated: str = "",
        query: str = "",
    ) -> tuple[int, bytes] | None:
        """How many bytes an answer had that is over, and their hash; None where the provider does not know it any more.
        Raises as `open`."""
        _, order = await self.order(operator, contract)
        order = msgspec.structs.replace(
            order, member=member, purpose=purpose, spatial=spatial, stated=stated, query=query, etag=etag
        )
        return await ended(order, peer=self._peer, clock=self._clock)

    async def _pull(self, order: Order, asked: Mapping[str, str | None]) -> Pull:
        order = msgspec.structs.replace(order, **asked)
        return await pull(order, peer=self._peer, store=self._store, clock=self._clock)

    async def _give_up(self, transfer: Transfer) -> None:
        """End a transfer whose token is worth nothing, so that another one begins."""
        ended = await self._transfers.command("node", transfer.id, Terminate(Reason("transfer.locked_out")))
        deadline = self._clock.monotonic() + self._patience
        while not TRANSFER.is_terminal(ended.state) and (left := deadline - self._clock.monotonic()) > 0:
            ended = await self._transfers.get(ended.id, newer_than=ended.version, wait=left)

    async def order(self, operator: str, contract: str) -> tuple[Transfer, Order]:
        """A started transfer under a contract, and what is needed for asking at its address. Raises as `open`."""
        transfer = await self._started(operator, contract)
        endpoint, private = await self._address(transfer)
        properties: Mapping[str, str] = msgspec.json.decode(self._unseal(endpoint.secret, transfer.id.encode()))
        return transfer, Order(
            url=endpoint.url,
            authorization=str(properties.get("authorization", "")),
            bare=properties.get(AUTH_TYPE) == BARE,
            transfer=transfer.id,
            actor=operator,
            private=private,
            bearer=partial(self._renewing.token, transfer.id) if properties.get("refreshToken") else None,
        )

    async def _started(self, operator: str, contract: str) -> Transfer:
        """A started transfer under a contract: one that is under way, else a new one."""
        agreement = await self._contracts.get(contract)
        if agreement.role != Role.CONSUMER:
            raise InputError("agreement.provided", id=contract)
        if (why := standing(agreement, self._clock.now())) is not None:
            raise RefusedError(why.code, **why.params)
        await self._sure(agreement.peer)
        found = await self._transfers.select(agreement=contract, role=Role.CONSUMER, limit=1000)
        known = [one for one in found if not is_push(one.format)]
        held = [one for one in known if one.state == TransferState.SUSPENDED]
        if held:
            raise RefusedError("transfer.suspended", transfer=held[-1].id)
        open_now = [one for one in known if one.state in (None, TransferState.REQUESTED, TransferState.STARTED)]
        if open_now:
            return await self._until_started(open_now[-1])
        format = best_pull(await self._offered(agreement.peer, agreement.dataset))
        return await self._until_started(await self._transfers.request(operator, contract, format=format))

    async def _until_started(self, transfer: Transfer) -> Transfer:
        deadline = self._clock.monotonic() + self._patience
        while transfer.state in (None, TransferState.REQUESTED):
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise DeliveryError("transfer.waiting", transfer=transfer.id)
            transfer = await self._transfers.get(transfer.id, newer_than=transfer.version, wait=left)
        if TRANSFER.is_terminal(transfer.state) or transfer.state != TransferState.STARTED:
            reason = transfer.reason
            if reason is not None:
                raise RefusedError(reason.code, **reason.params)
            raise RefusedError("transfer.state", state=transfer.state or "-")
        return transfer

    async def _address(self, transfer: Transfer) -> tuple[Endpoint, bool]:
        """Where the data is to be had, and whether the peer's network may be a private one."""
        endpoint = await self._store.read(lambda view: view.get(Endpoint, transfer.id))
        who = await self._store.read(lambda view: view.get(Participant, transfer.peer))
        if endpoint is None:
            raise DeliveryError("transfer.no_address", transfer=transfer.id)
        if who is None:
            raise InputError("peer.unknown", id=transfer.peer)
        return endpoint, who.private

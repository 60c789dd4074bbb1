"""Transfers under an agreement: receive, request, command.

What lives here: how a transfer begins and that its endpoint is kept. What does not: the table (`protocol.transfer`),
every access to the data (`data.gate`), fetching it (`data.consuming.pull`).
Source: Dataspace Protocol 2025-1, Transfer Process Protocol; idempotency of the request by `consumerPid` is its rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from connector.errors import BusyError, InputError, MessageError, TransitionError, UnknownError
from connector.ports import Caller, Reading, Transaction
from connector.protocol import paths, transfer
from connector.protocol.machine import Role, Step
from connector.protocol.messages import (
    DataAddress,
    TransferProcess,
    TransferRequestMessage,
    TransferStartMessage,
    TransferState,
)
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Agreement, Delivery, Endpoint, Participant
from connector.services.addresses import Destination, callback_of, data_address, destination, no_destination
from connector.services.edge import sendings
from connector.services.flows import Flows
from connector.services.formats import HTTP_PULL, READINGS_PUSH, is_push
from connector.services.life.contracts import damaged, standing
from connector.services.processes import Done, Processes
from policies.model import Reason

_SECOND = 1_000_000
_LONGEST_LIFE = 366 * 86_400

Inbox = Callable[[str, str], DataAddress]
"""Where the data of a transfer of this pid, in this format, are to be delivered to us."""


class Transfers(Processes[Transfer]):
    """Use cases of a transfer process, in both roles. `seal` encrypts what must not lie open in the store; `at` says
    where the data of a transfer of ours are to be had, UNSET where we deliver them.

    A transfer that was started stays so until somebody completes it: fetching everything once completes nothing, for
    the contract may allow to fetch again. Only a delivery that is to happen once ends its transfer itself.
    """

    kind = Transfer
    machine = TRANSFER

    def __init__(
        self,
        *,
        seal: Callable[[bytes, bytes], bytes],
        at: Callable[[Transfer], DataAddress | UnsetType],
        flows: Flows | None = None,
        **ports: Any,
    ) -> None:
        super().__init__(**ports)
        self._seal, self._at, self._flows = seal, at, flows

    def step(self, process: Transfer, given: Any, now: int) -> Step:
        """See `protocol.transfer.step`. Whoever provides says each time where the data are to be had: a consumer may
        have forgotten it over a suspension (Eclipse EDC does)."""
        asks = isinstance(given, transfer.Start) and given.address is UNSET and not given.elsewhere
        if asks and process.role is Role.PROVIDER:
            given = transfer.Start(self._at(process))
        return transfer.step(process, given, now)

    def stepped(self, tx: Transaction, process: Transfer, given: Any, actor: str) -> Done:
        """See `Processes.stepped`. A start that waits for somebody else's data plane follows when that has resumed."""
        if self._flows is not None and self._flows.hold(tx, process, given):
            return Done(process=process)
        return super().stepped(tx, process, given, actor)

    @property
    def callback(self) -> str:
        """Where peers speak to us."""
        return self._address

    def path(self, process: Transfer, move: str) -> str:
        """See `protocol.paths`."""
        return paths.transfer_message(transfer.Move(move), process.peer_pid)

    def ack(self, process: Transfer) -> TransferProcess:
        """See `protocol.transfer.ack`."""
        return transfer.ack(process)

    def received(self, message: Any, body: bytes) -> transfer.Received:
        """A read message."""
        return transfer.Received(message)

    def begin(self, tx: Transaction, caller: Caller, message: Any, now: int) -> Transfer:
        """A record for a request under an agreement in force with this caller, or the one that its pid has already."""
        if not isinstance(message, TransferRequestMessage):
            raise MessageError("message.unexpected", place="/@type")
        agreement = tx.get(Agreement, message.agreementId)
        if agreement is None or agreement.peer != caller.id or agreement.role != Role.PROVIDER:
            raise UnknownError("agreement.unknown")
        known = tx.find(Transfer, peer=caller.id, peer_pid=message.consumerPid)
        if known is not None:
            if (known.agreement, known.format) != (message.agreementId, message.format):
                raise TransitionError("process.exists", id=message.consumerPid)
            return known
        if (why := standing(agreement, now)) is not None:
            raise TransitionError(why.code, **why.params)
        process = transfer.blank(
            id=self._ids.pid(),
            role=Role.PROVIDER,
            peer=caller.id,
            callback=callback_of(tx, caller.id, message.callbackAddress),
            agreement=agreement.id,
            format=message.format,
            dataset=agreement.dataset,
            now=now,
        )
        if is_push(message.format):
            self._take_destination(tx, process, message.dataAddress)
        else:
            no_destination(message.dataAddress)
        return process

    def _take_destination(self, tx: Transaction, process: Transfer, address: DataAddress | UnsetType) -> None:
        """Keep where we, or a device of ours, are to deliver; nothing is sent there before the transfer was started."""
        said = destination(address, process.format)
        tx.put(self._target(process, said))
        if process.format == READINGS_PUSH:
            sendings.begun(tx, process)
            return
        tx.put(Delivery(id=process.id, agreement=process.agreement, peer=process.peer, every=said.every))

    def follow(self, tx: Transaction, before: Transfer, after: Transfer, message: Any) -> None:
        """Keep where the data is to be had, or to be delivered from now on, its secret sealed; tell the data plane that
        serves it. Raises `MessageError` for an address that is none."""
        if isinstance(message, TransferStartMessage) and message.dataAddress is not UNSET:
            self._moved(tx, after, message.dataAddress)
        if after.format == READINGS_PUSH:
            sendings.followed(tx, after)
        if self._flows is not None:
            self._flows.follow(tx, before, after, message)

    def _moved(self, tx: Transaction, process: Transfer, address: DataAddress) -> None:
        if process.role is Role.CONSUMER:
            endpoint = self._endpoint(process, address)
        elif is_push(process.format):
            endpoint = self._target(process, destination(address, process.format))
        else:
            endpoint = None
        if endpoint is not None:
            tx.put(endpoint)

    def _target(self, process: Transfer, said: Destination) -> Endpoint:
        secret = self._seal(msgspec.json.encode(said.properties), process.id.encode())
        return Endpoint(id=process.id, url=said.url, kind=process.format, secret=secret)

    def _endpoint(self, process: Transfer, address: DataAddress) -> Endpoint | None:
        said = data_address(address) if process.role is Role.CONSUMER else None
        if said is None:
            return None
        url, properties = said
        life = seconds(properties)
        return Endpoint(
            id=process.id,
            url=url,
            kind=address.endpointType,
            secret=self._seal(msgspec.json.encode(properties), process.id.encode()),
            expires=self._clock.now() + life * _SECOND if life else 0,
        )

    async def request(
        self,
        operator: str,
        agreement: str,
        *,
        format: str = HTTP_PULL,
        inbox: Inbox | None = None,
        dataplane: str = "",
    ) -> Transfer:
        """Ask the provider of an agreement for a transfer in a format; where it is to deliver, `inbox` says whereto.
        With `dataplane`, one of somebody else receives them: it gets ready before the provider is asked.

        Raises `InputError` where there is no such agreement in force in which we are the consumer, or it is held;
        `DeliveryError` where nothing may be said to its provider.
        """
        known = await self._store.read(lambda view: view.get(Agreement, agreement))
        if known is not None:
            await self._speaks(known.peer)

        def act(tx: Transaction) -> Done:
            contract = tx.get(Agreement, agreement)
            if contract is None or contract.role != Role.CONSUMER:
                raise InputError("agreement.unknown", id=agreement)
            if (why := standing(contract, self._clock.now()) or damaged(contract)) is not None:
                raise InputError(why.code, **why.params)
            participant = tx.get(Participant, contract.peer)
            if participant is None:
                raise InputError("peer.unknown", id=contract.peer)
            process = transfer.blank(
                id=self._ids.pid(),
                role=Role.CONSUMER,
                peer=contract.peer,
                callback=participant.base,
                agreement=agreement,
                format=format,
                dataset=contract.dataset,
                now=self._clock.now(),
            )
            if dataplane and self._flows is not None:
                self._flows.prepare(tx, process, dataplane)
                return Done(process=process)
            to = UNSET if inbox is None else inbox(process.id, format)
            return self.stepped(tx, process, transfer.Request(self._address, to), operator)

        done: Done = await self._store.write(act)
        self.committed(done)
        process: Transfer = done.process
        return process

    # --- all transfers under a contract -------------------------------------------------------------------------------

    def end_under(self, tx: Transaction, agreement: str, why: Reason, limit: int) -> bool:
        """Terminate transfers under a contract, at most `limit` of them; True where none is left that has to be.

        One that waits for the peer is terminated as soon as it can be. Raises `BusyError` where the peer's queue is
        full: then nothing is kept.
        """
        left = [t for t in _open(tx, agreement) if t.ending is None and t.pending != transfer.Move.TERMINATE]
        for t in left[:limit]:
            self._step_under(tx, t, transfer.Terminate(why))
        return len(left) <= limit

    def suspend_under(self, tx: Transaction, agreement: str, why: Reason) -> None:
        """Suspend what runs under a contract. What is on its way to run is stopped by the gate alone, and so is all of
        it where the peer's queue is full."""
        for t in _open(tx, agreement):
            if t.state == TransferState.STARTED and t.pending is None and t.ending is None:
                with contextlib.suppress(BusyError):
                    self._step_under(tx, t, transfer.Suspend(why))

    def resume_under(self, tx: Transaction, agreement: str, code: str) -> None:
        """Take up again what was suspended under a contract for this reason."""
        for t in _open(tx, agreement):
            stopped = t.state == TransferState.SUSPENDED and t.pending is None and t.ending is None
            if stopped and t.reason is not None and t.reason.code == code:
                self._step_under(tx, t, transfer.Start())

    def _step_under(self, tx: Transaction, t: Transfer, command: transfer.Command) -> None:
        done = self.stepped(tx, t, command, "node")
        tx.after(lambda: self.committed(done))


def seconds(properties: Mapping[str, str]) -> int:
    """How long an access token lives by the properties of its address (Token Renewal: `expiresIn`); 0 where they say
    nothing that can be used."""
    said = properties.get("expiresIn", "")
    return min(int(said), _LONGEST_LIFE) if said.isascii() and said.isdecimal() and len(said) <= 12 else 0


def _open(view: Reading, agreement: str) -> list[Transfer]:
    """Transfers under a contract that are not over, within a bound that no contract reaches in good faith."""
    states = [state for state in TRANSFER.table if not TRANSFER.is_terminal(state)]
    return [t for state in states for t in view.select(Transfer, agreement=agreement, state=state, limit=1000)]

"""Endpoints about contracts, the data under them, and transfers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from connector.data.consuming import rows
from connector.data.consuming.pull import Pull
from connector.data.stream import digest_field
from connector.errors import InputError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.exchange import Response
from connector.http.v1 import lives
from connector.protocol import transfer
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Right
from connector.services.life.ends import DAY
from policies.model import Reason

BYTES = "application/octet-stream"
NO_PROOF: Final[frozenset[str]] = frozenset()
_PIECE = 1 << 20
_PASSED = ("content-type", "content-length", "content-range", "etag", "last-modified", "accept-ranges")
_TOLD = ("allmende-transforms", "allmende-signature")


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_contracts(services), *lives.endpoints(services), *_transfers(services)]


def _contracts(services: Services) -> Sequence[Endpoint]:
    contracts = services.contracts

    async def listed(visit: Visit) -> views.Page[Any]:
        asked: views.ContractQuery = visit.query
        which = {} if asked.peer is None else {"peer": (await services.peers.get(asked.peer)).id}
        if asked.expiring is None:
            found = await contracts.select(after=asked.after, limit=asked.limit, **which)
        else:
            before = contracts.now() + round(asked.expiring * DAY)
            found = await contracts.expiring(before, after=asked.after, limit=asked.limit, **which)
        known = await showing.names(services.peers, (one.peer for one in found))
        signed = await services.evidence.signed(found)
        now, language = contracts.now(), visit.language
        proofs = await showing.proofs(services.peers, found, now)
        items = (
            showing.contract(one, known, by, proofs.get(one.peer, NO_PROOF), now, language)
            for one, by in zip(found, signed, strict=True)
        )
        return showing.page(found, items, visit.query.limit)

    async def get(visit: Visit) -> views.ContractView:
        return await shown(await contracts.get(await id_of(visit)), visit)

    async def shown(one: Agreement, visit: Visit) -> views.ContractView:
        (signed,) = await services.evidence.signed([one])
        known = await showing.names(services.peers, [one.peer])
        told = await services.notices.about(one.id)
        now = contracts.now()
        proves = (await showing.proofs(services.peers, [one], now)).get(one.peer, NO_PROOF)
        return showing.contract(one, known, signed, proves, now, visit.language, told)

    async def data(visit: Visit) -> Response:
        asked: views.DataQuery = visit.query
        moved, pull = await services.fetching.open(
            visit.operator,
            await id_of(visit),
            member=asked.member,
            purpose=asked.purpose,
            spatial=asked.spatial,
            stated=asked.stated,
            range=visit.headers.get("range", ""),
            etag=visit.headers.get("if-range", ""),
            have=visit.headers.get("allmende-have", ""),
            query=_question(asked),
        )
        return Response(pull.status, _headers(moved, pull), chunks=_pieces(pull))

    async def outcome(visit: Visit) -> views.OutcomeView:
        asked: views.DataQuery = visit.query
        known = await services.fetching.ended(
            visit.operator,
            await id_of(visit),
            visit.headers.get("if-match", ""),
            member=asked.member,
            purpose=asked.purpose,
            spatial=asked.spatial,
            stated=asked.stated,
            query=_question(asked),
        )
        size, sha256 = (None, "") if known is None else (known[0], known[1].hex())
        return views.OutcomeView(bytes=size, sha256=sha256)

    async def received(visit: Visit) -> Response:
        contract = await id_of(visit)
        readings = await rows.received(services.silos, contract)
        if readings is not None:
            said = {"content-type": readings.media_type, "cache-control": "no-store"}
            return Response(200, said, chunks=readings.chunks)
        there = await services.deliveries.received(contract)
        one = there.reception
        said = {
            "content-type": one.media_type,
            "content-length": str(one.offset),
            "cache-control": "no-store",
            "allmende-transfer": one.transfer,
        }
        if one.sha256:
            said["repr-digest"] = digest_field(one.sha256)
        return Response(200, said, chunks=_read(there.path, one.offset))

    async def id_of(visit: Visit) -> str:
        return await showing.full_id(visit.values[0], services.store, Agreement)

    return [
        Endpoint(
            method="GET",
            path="/v1/contracts",
            right=Right.AUDITOR,
            about="Contracts, in both roles.",
            serve=listed,
            query=views.ContractQuery,
            answer=views.Page[views.ContractView],
        ),
        Endpoint(
            method="GET",
            path="/v1/contracts/{id}",
            right=Right.AUDITOR,
            about="One contract, as rules and as sentences.",
            serve=get,
            answer=views.ContractView,
        ),
        Endpoint(
            method="GET",
            path="/v1/contracts/{id}/data",
            right=Right.STEWARD,
            about="Fetch the data from the provider. Range and question pass through; the pull is checked and audited.",
            serve=data,
            query=views.DataQuery,
            answer=BYTES,
            also={206: "The part that was asked for"},
        ),
        Endpoint(
            method="GET",
            path="/v1/contracts/{id}/data/outcome",
            right=Right.STEWARD,
            about="How long the answer was that is named by If-Match, and its hash, as the provider says. No use.",
            serve=outcome,
            query=views.DataQuery,
            answer=views.OutcomeView,
        ),
        Endpoint(
            method="GET",
            path="/v1/contracts/{id}/received",
            right=Right.STEWARD,
            about="What the provider delivered last into the inbox, whole and checked; readings of its devices.",
            serve=received,
            answer=BYTES,
        ),
    ]


def _question(asked: views.DataQuery) -> str:
    """What is asked about rows, as the provider is asked it."""
    said = {
        "properties": asked.properties,
        "filter": asked.filter,
        "datetime": asked.datetime,
        "bbox": asked.bbox,
        "limit": "" if asked.limit is None else str(asked.limit),
        "resolution": asked.resolution,
        "f": asked.f,
        "explain": "true" if asked.explain else "",
    }
    return urlencode({name: value for name, value in said.items() if value})


def _headers(moved: Transfer, pull: Pull) -> dict[str, str]:
    """What is passed on of the provider's headers. A length that counts coded bytes is left out."""
    passed = {name: pull.headers[name] for name in (*_PASSED, *_TOLD) if name in pull.headers}
    if "content-encoding" in pull.headers:
        passed.pop("content-length", None)
    if pull.sha256 is not None:  # of the plain bytes, which is what this answer carries
        passed["repr-digest"] = digest_field(pull.sha256)
    passed.setdefault("content-type", pull.media_type)
    return {**passed, "cache-control": "no-store", "allmende-transfer": moved.id}


async def _pieces(pull: Pull) -> AsyncIterator[bytes]:
    """The bytes of a pull; the connection is given back whether they are all taken or not."""
    try:
        async for piece in pull.chunks():
            yield piece
    finally:
        await pull.close()


async def _read(path: Path, length: int) -> AsyncIterator[bytes]:
    """The first `length` bytes of a file in pieces."""
    try:
        with await asyncio.to_thread(path.open, "rb") as file:
            while length > 0 and (piece := await asyncio.to_thread(file.read, min(_PIECE, length))):
                length -= len(piece)
                yield piece
    except OSError:
        raise InputError("push.nothing") from None


Act = Callable[[views.Ending], transfer.Command]


def _transfers(services: Services) -> Sequence[Endpoint]:
    transfers = services.transfers

    async def shown(one: Transfer, visit: Visit) -> views.TransferView:
        moving = await services.deliveries.flow(one)
        return showing.transfer(one, await showing.names(services.peers, [one.peer]), visit.language, moving)

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await transfers.select(**await showing.chosen(visit.query, services.peers, TransferState))
        known = await showing.names(services.peers, (one.peer for one in found))
        items = (showing.transfer(one, known, visit.language) for one in found)
        return showing.page(found, items, visit.query.limit)

    async def request(visit: Visit) -> views.TransferView:
        asked: views.NewTransfer = visit.body
        contract = await showing.full_id(asked.contract, services.store, Agreement)
        if asked.push:
            return await shown(
                await services.deliveries.ask(visit.operator, contract, to=asked.to, every=asked.every), visit
            )
        return await shown(await transfers.request(visit.operator, contract, dataplane=asked.dataplane), visit)

    async def get(visit: Visit) -> views.TransferView:
        asked: views.WaitQuery = visit.query
        found = await transfers.get(await id_of(visit), newer_than=asked.version, wait=asked.wait)
        return await shown(found, visit)

    def acting(act: Act) -> Callable[[Visit], Awaitable[views.TransferView]]:
        async def serve(visit: Visit) -> views.TransferView:
            return await shown(await transfers.command(visit.operator, await id_of(visit), act(visit.body)), visit)

        return serve

    async def id_of(visit: Visit) -> str:
        return await showing.full_id(visit.values[0], services.store, Transfer)

    acts: dict[str, tuple[Act, type[views.Input], str]] = {
        "suspend": (lambda body: transfer.Suspend(_said(body)), views.Ending, "Suspend the transfer."),
        "resume": (lambda body: transfer.Start(), views.Nothing, "Take a suspended transfer up again."),
        "complete": (lambda body: transfer.Complete(), views.Nothing, "Declare the transfer complete."),
        "terminate": (lambda body: transfer.Terminate(_said(body)), views.Ending, "End the transfer."),
    }
    return [
        Endpoint(
            method="GET",
            path="/v1/transfers",
            right=Right.AUDITOR,
            about="Transfers, in both roles.",
            serve=listed,
            query=views.ProcessQuery,
            answer=views.Page[views.TransferView],
        ),
        Endpoint(
            method="POST",
            path="/v1/transfers",
            right=Right.STEWARD,
            about="Ask for a transfer under a contract.",
            serve=request,
            body=views.NewTransfer,
            answer=views.TransferView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/transfers/{pid}",
            right=Right.AUDITOR,
            about="One transfer; with `wait` and `version` as soon as it has moved.",
            serve=get,
            query=views.WaitQuery,
            answer=views.TransferView,
        ),
        *(
            Endpoint(
                method="POST",
                path=f"/v1/transfers/{{pid}}/{name}",
                right=Right.STEWARD,
                about=about,
                serve=acting(act),
                body=body,
                answer=views.TransferView,
            )
            for name, (act, body, about) in acts.items()
        ),
    ]


def _said(body: views.Ending) -> Reason:
    return Reason("operator.ended", {"text": body.reason})

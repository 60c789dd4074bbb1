"""Endpoints about rows as they come: watching them, and having them put somewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from connector.data import sinks
from connector.data.consuming.following import Asking, Followed
from connector.errors import DeliveryError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.exchange import Response
from connector.records import Agreement, Right, Subscription
from connector.sentences import Language
from policies.model import Reason

LINES: Final = "application/x-ndjson"
_ASKED: Final = ("properties", "filter", "datetime", "bbox", "resolution", "limit")


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_watching(services), *_subscriptions(services)]


def _watching(services: Services) -> Sequence[Endpoint]:
    async def live(visit: Visit) -> Response:
        asked: views.WatchQuery = visit.query
        contract = await showing.full_id(visit.values[0], services.store, Agreement)
        asking = Asking(
            query=_query(asked),
            after=asked.after,
            member=asked.member,
            purpose=asked.purpose,
            spatial=asked.spatial,
            stated=asked.stated,
        )
        followed = await services.following.open(visit.operator, contract, asking)
        return Response(
            200,
            {"content-type": LINES, "cache-control": "no-store", "allmende-transfer": followed.transfer},
            chunks=_lines(followed, visit.language),
        )

    return [
        Endpoint(
            method="GET",
            path="/v1/contracts/{id}/live",
            right=Right.STEWARD,
            about="Watch rows as they come: lines of JSON with `row` and `mark`, with `gap`, and at last with `end`.",
            serve=live,
            query=views.WatchQuery,
            answer=LINES,
        ),
    ]


def _query(asked: Any) -> str:
    """What is asked for as it stands in the URL of the data."""
    given = {name: value for name in _ASKED if (value := getattr(asked, name, None)) not in ("", None)}
    return urlencode(given)


async def _lines(followed: Followed, language: Language) -> AsyncIterator[bytes]:
    try:
        async with aclosing(followed.rows()) as rows:
            async for heard in rows:
                if heard.gap:
                    yield b'{"gap":true}\n'
                # The one thing in it that a peer may choose is the mark, and that is text.
                mark = msgspec.json.encode(heard.mark)
                yield b'{"row":%b,"mark":%b}\n' % (heard.row, mark) if heard.row else b'{"mark":%b}\n' % mark
        why = followed.ended or Reason("peer.ended")
    except DeliveryError as error:
        why = error.reason
    finally:
        await followed.close()
    yield msgspec.json.encode({"end": showing.reason(why, language)}) + b"\n"


def _subscriptions(services: Services) -> Sequence[Endpoint]:
    kept = services.subscriptions

    async def shown(one: Subscription, visit: Visit) -> views.SubscriptionView:
        agreement = await services.store.read(lambda view: view.get(Agreement, one.contract))
        return views.SubscriptionView(
            id=one.id,
            contract=one.contract,
            peer=agreement.peer if agreement is not None else "",
            into=one.into,
            settings=one.settings,
            state=one.state,
            rows=one.rows,
            batches=one.number,
            gaps=one.gaps,
            moved=one.moved or None,
            created=one.created,
            created_by=one.created_by,
            reason=showing.reason_or_none(one.reason, visit.language),
        )

    async def listed(visit: Visit) -> views.Page[Any]:
        which = {} if visit.query.state is None else {"state": visit.query.state}
        found = await kept.select(after=visit.query.after, limit=visit.query.limit, **which)
        return showing.page(found, [await shown(one, visit) for one in found], visit.query.limit)

    async def make(visit: Visit) -> views.SubscriptionView:
        body: views.NewSubscription = visit.body
        contract = await showing.full_id(body.contract, services.store, Agreement)
        into, settings = sinks.read(body.into, body.settings)
        made = await kept.make(
            visit.operator,
            contract,
            into,
            settings,
            query=_query(body),
            purpose=body.purpose,
            spatial=body.spatial,
            stated=body.stated,
        )
        return await shown(made, visit)

    async def id_of(visit: Visit) -> str:
        return await showing.full_id(visit.values[0], services.store, Subscription)

    async def get(visit: Visit) -> views.SubscriptionView:
        return await shown(await kept.get(await id_of(visit)), visit)

    def acting(act: Callable[[str, str], Awaitable[Subscription]]) -> Callable[[Visit], Awaitable[Any]]:
        async def serve(visit: Visit) -> views.SubscriptionView:
            return await shown(await act(visit.operator, await id_of(visit)), visit)

        return serve

    async def remove(visit: Visit) -> None:
        await kept.remove(visit.operator, await id_of(visit))

    return [
        Endpoint(
            method="GET",
            path="/v1/subscriptions",
            right=Right.AUDITOR,
            about="Subscriptions to what comes under contracts.",
            serve=listed,
            query=views.SubscriptionQuery,
            answer=views.Page[views.SubscriptionView],
        ),
        Endpoint(
            method="POST",
            path="/v1/subscriptions",
            right=Right.STEWARD,
            about="Put what comes under a contract somewhere, until it ends.",
            serve=make,
            body=views.NewSubscription,
            answer=views.SubscriptionView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/subscriptions/{id}",
            right=Right.AUDITOR,
            about="One subscription.",
            serve=get,
            answer=views.SubscriptionView,
        ),
        Endpoint(
            method="POST",
            path="/v1/subscriptions/{id}/pause",
            right=Right.STEWARD,
            about="Put nothing for the time being.",
            serve=acting(kept.pause),
            body=views.Nothing,
            answer=views.SubscriptionView,
        ),
        Endpoint(
            method="POST",
            path="/v1/subscriptions/{id}/resume",
            right=Right.STEWARD,
            about="Go on behind what was put last.",
            serve=acting(kept.resume),
            body=views.Nothing,
            answer=views.SubscriptionView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/subscriptions/{id}",
            right=Right.STEWARD,
            about="Forget a subscription; what it has put somewhere stays there.",
            serve=remove,
            status=204,
        ),
    ]

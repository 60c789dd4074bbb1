"""This node's catalogue: what a caller is shown, in whichever way it asks, and what that costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from connector.errors import MessageError, UnauthenticatedError, UnknownError
from connector.ports import Caller
from connector.protocol import codec
from connector.protocol.messages import Catalog, CatalogRequestMessage
from connector.records import Description, Outside
from policies.terms import Terms
from tests.connector.services.world import FOREVER, neighbours
from tests.harness.virtual import run

ASK = CatalogRequestMessage()


def test_a_caller_sees_what_it_could_use_page_by_page(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        for number in range(5):
            await city.publish(Terms(count=1), name=f"open{number}")
        await city.publish(Terms(assignee="did:web:town"), name="for-town")
        await city.publish(Terms(until="2020-01-01"), name="over")
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await city.catalog.catalog(utility.caller(), ASK, after, limit=2)
            seen += [one.id for one in codec.decode(page.body, Catalog).dataset or ()]
            after = page.next
        assert seen == [f"http://city/datasets/open{number}" for number in range(5)]
        assert (await city.shown_dataset(utility.caller(), seen[0])).id == seen[0]
        for hidden in ("for-town", "over", "none"):
            with pytest.raises(UnknownError):
                await city.shown_dataset(utility.caller(), f"http://city/datasets/{hidden}")

    run(story)


def test_a_catalogue_leads_to_the_self_descriptions_that_are_published(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.publish(Terms(count=1), name="trees")
        await city.publish(Terms(count=1), name="wells")
        bare = await city.shown(utility.caller())
        assert bare.describedBy is UNSET
        for name in ("node", "data-trees"):
            url = f"http://city/descriptions/{name}"
            kept = Description(id=url, kind="gx:DataProduct", about=f"{url}#subject", token="", issued=0, ends=FOREVER)
            await city.store.write(lambda tx, kept=kept: tx.put(kept))  # type: ignore[misc]
        shown = await city.shown(utility.caller())
        assert shown.describedBy == "http://city/descriptions/node"
        assert shown.dataset is not UNSET
        found = {one.title: one.describedBy for one in shown.dataset}
        assert found == {"trees": "http://city/descriptions/data-trees", "wells": UNSET}
        one = await city.shown_dataset(utility.caller(), "http://city/datasets/trees")
        assert one.describedBy == "http://city/descriptions/data-trees"

    run(story)


def test_a_reader_who_counts_gets_full_pages(tmp_path: Path) -> None:
    """An Eclipse EDC takes a page with fewer datasets than it has asked for as the last one."""

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        for number in range(5):
            await city.publish(Terms(assignee="did:web:town"), name=f"town{number}")
            await city.publish(Terms(count=1), name=f"open{number}")

        async def names(offset: int, limit: int) -> list[str]:
            spec = {"@type": "QuerySpec", "offset": offset, "limit": limit, "sortOrder": "ASC", "filterExpression": []}
            page = await city.catalog.catalog(utility.caller(), CatalogRequestMessage(filter=(spec,)))
            return [one.id[-5:] for one in codec.decode(page.body, Catalog).dataset or ()]

        assert await names(0, 2) == ["open0", "open1"]
        assert await names(2, 2) == ["open2", "open3"]
        assert await names(4, 2) == ["open4"]
        assert await names(6, 2) == []

    run(story)


def test_filters_are_refused_and_tokens_used_up(tmp_path: Path) -> None:
    async def story() -> None:
        city, _utility = await neighbours(tmp_path)
        await city.publish(Terms(count=1), Outside.ASK)
        once = Caller("did:web:utility", "once", FOREVER)
        with pytest.raises(MessageError, match=r"catalog\.filter"):
            await city.catalog.catalog(once, CatalogRequestMessage(filter=({"a": 1},)))
        with pytest.raises(UnauthenticatedError):
            await city.catalog.catalog(once, ASK)
        assert sum(b'"refused"' in one.body for one in await city.audit()) == 1

    run(story)

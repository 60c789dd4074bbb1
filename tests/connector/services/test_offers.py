"""Assets, policies, offers, and the catalogue that peers see."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from connector.errors import InputError, MessageError, UnauthenticatedError, UnknownError
from connector.ports import Caller
from connector.protocol import codec
from connector.protocol.messages import CatalogRequestMessage
from connector.records import Description, Outside
from policies import render
from policies.terms import Terms, to_policy
from tests.connector.services.world import FOREVER, neighbours
from tests.harness.virtual import run

ASK = CatalogRequestMessage()


def test_assets_are_named_once_and_checked(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        asset = await city.offers.add_asset("mayor", name="trees", title="", kind="file", settings={})
        assert (asset.id, asset.title) == ("http://city/datasets/trees", "trees")
        for name, code in (("trees", "asset.exists"), ("", "name.form"), ("a/b", "name.form"), ("x" * 65, "name.form")):
            with pytest.raises(InputError) as wrong:
                await city.offers.add_asset("mayor", name=name, title="", kind="file", settings={})
            assert wrong.value.reason.code == code
        with pytest.raises(InputError, match=r"asset\.settings"):
            await city.offers.add_asset("mayor", name="other", title="", kind="ftp", settings={})
        assert [one.name for one in await city.offers.assets()] == ["trees"]

    run(story)


def test_an_offered_asset_stays_until_the_offer_is_retired(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=1))
        with pytest.raises(InputError, match=r"asset\.offered"):
            await city.offers.remove_asset("mayor", "traffic")
        assert not (await city.offers.retire("mayor", offer.id)).live
        with pytest.raises(InputError, match=r"offer\.unknown"):
            await city.offers.retire("mayor", offer.id)
        await city.offers.remove_asset("mayor", "traffic")
        assert await city.offers.assets() == []

    run(story)


def test_a_policy_gets_versions_and_what_is_not_understood_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        document = render.to_dsp(to_policy("urn:x:p", Terms(count=1)))
        assert (await city.policies.add("mayor", "p", document)).id == "p@1"
        assert (await city.policies.add("mayor", "p", document)).id == "p@2"
        assert (await city.policies.get("p")).version == 2
        assert (await city.policies.get("p@1")).version == 1
        document["permission"][0]["remedy"] = [{"action": "delete"}]
        with pytest.raises(InputError) as wrong:
            await city.policies.add("mayor", "p", document)
        assert wrong.value.reason.params["place"] == "/permission/0/remedy"
        with pytest.raises(InputError, match=r"policy\.unknown"):
            await city.policies.get("q")

    run(story)


def test_a_later_version_changes_no_published_offer(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=1))
        await city.policies.add("mayor", "traffic", render.to_dsp(to_policy("urn:x:p", Terms(count=9))))
        assert (await city.offers.offer(offer.id)).document == offer.document
        assert offer.policy == "traffic@1"

    run(story)


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
            page = await city.offers.catalog(utility.caller(), ASK, after, limit=2)
            codec.encode(page.catalog)
            seen += [] if not page.catalog.dataset else [one.id for one in page.catalog.dataset]
            after = page.next
        assert seen == [f"http://city/datasets/open{number}" for number in range(5)]
        assert (await city.offers.dataset(utility.caller(), seen[0])).id == seen[0]
        for hidden in ("for-town", "over", "none"):
            with pytest.raises(UnknownError):
                await city.offers.dataset(utility.caller(), f"http://city/datasets/{hidden}")

    run(story)


def test_a_catalogue_leads_to_the_self_descriptions_that_are_published(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.publish(Terms(count=1), name="trees")
        await city.publish(Terms(count=1), name="wells")
        bare = (await city.offers.catalog(utility.caller(), ASK)).catalog
        assert bare.describedBy is UNSET
        for name in ("node", "data-trees"):
            url = f"http://city/descriptions/{name}"
            kept = Description(id=url, kind="gx:DataProduct", about=f"{url}#subject", token="", issued=0, ends=FOREVER)
            await city.store.write(lambda tx, kept=kept: tx.put(kept))  # type: ignore[misc]
        shown = (await city.offers.catalog(utility.caller(), ASK)).catalog
        assert shown.describedBy == "http://city/descriptions/node"
        assert shown.dataset is not UNSET
        found = {one.title: one.describedBy for one in shown.dataset}
        assert found == {"trees": "http://city/descriptions/data-trees", "wells": UNSET}
        one = await city.offers.dataset(utility.caller(), "http://city/datasets/trees")
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
            page = await city.offers.catalog(utility.caller(), CatalogRequestMessage(filter=(spec,)))
            return [] if not page.catalog.dataset else [one.id[-5:] for one in page.catalog.dataset]

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
            await city.offers.catalog(once, CatalogRequestMessage(filter=({"a": 1},)))
        with pytest.raises(UnauthenticatedError):
            await city.offers.catalog(once, ASK)
        assert sum(b'"refused"' in one.body for one in await city.audit()) == 1

    run(story)

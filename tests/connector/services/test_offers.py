"""Assets, policies, offers, and the catalogue that peers see."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import InputError
from connector.protocol.messages import CatalogRequestMessage
from policies import render
from policies.terms import Terms, to_policy
from tests.connector.services.world import neighbours
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

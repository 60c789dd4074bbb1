"""A region's public document: who is named in it, and what is refused of others'."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connector.errors import InputError
from connector.services.region.document import Listed, PublicRegion, read
from tests.connector.services.trust.regional import Regional, kept, regional, url

DID = "did:web:region.example"


def test_it_names_active_members_that_may_be_named(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        town = {name: await here.world.node(name) for name in ("nord", "sued", "west")}
        await here.join(town["nord"], region, await here.code(region, "Nord", key="14612000"))
        await here.join(town["sued"], region, await here.code(region, "Süd", listed=False))
        await here.join(town["west"], region, await here.code(region, "West"))
        await kept(region).members.suspend("admin", town["west"].did)
        body = await here.world.fetch(url("region") + "/region")
        found = read(body, region.did)
        assert (found.name, found.url) == ("Region Elbland", url("region"))
        assert found.root.startswith("-----BEGIN CERTIFICATE-----")
        assert len(found.intermediates) == 2
        assert "MembershipCredential" in found.types
        nord = Listed(did=town["nord"].did, name="nord", title="Nord", url=url("nord"), key="14612000")
        assert found.members == (nord,)
        standing = await kept(region).overview.look()
        assert (standing.members, standing.suspended, standing.open_places, standing.root_key) == (2, 1, 0, True)

    regional(tmp_path, act)


def test_a_member_in_a_private_network_is_reached_there_by_the_regions_node(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        nord, sued = await here.world.node("nord"), await here.world.node("sued")
        await here.join(nord, region)
        assert not (await region.trust.services.regions.get(region.did)).private
        await here.join(sued, region, await here.code(region, "Süd", private=True))
        assert (await region.trust.services.regions.get(region.did)).private

    regional(tmp_path, act)


def test_a_node_without_a_region_has_none(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        town = await here.world.node("town")
        assert town.trust.services.region is None
        assert (await here.world.send("GET", url("town") + "/region")).status != 200

    regional(tmp_path, act)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 5_000,
        msgspec.json.encode(PublicRegion(did="did:web:other.example", name="R", url="https://other.example")),
        msgspec.json.encode({"did": DID, "name": "x" * 301, "url": "u"}),
        msgspec.json.encode({"did": DID, "name": "R", "url": "u", "vouches": ["x"] * 101}),
        msgspec.json.encode({"did": DID, "name": "R", "url": "u", "root": "x" * 16_385}),
        msgspec.json.encode({"did": DID, "name": "R"}),
    ],
)
def test_what_is_no_document_of_that_region_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(body, DID)
    assert caught.value.reason.code == "region.document"


def test_what_goes_beyond_the_form_is_left_out() -> None:
    assert read(msgspec.json.encode({"did": DID, "name": "R", "url": "u", "more": 1}), DID).name == "R"

"""Joining a region: step by step, stopped anywhere, with the right code and no other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from msgspec.structs import replace

from certs import codes, did, genuine, jwk
from certs.authority import Profile
from certs.did import Service
from certs.genuine import Proof
from certs.region import pem
from connector.errors import DeliveryError, InputError, NodeError, PeerError
from connector.http.exchange import Request
from connector.ports import Reply
from connector.records import HeldCredential, Member, Region, Wish
from connector.services.region.document import PublicRegion
from connector.services.trust.joining import Step
from connector.services.trust.regions import Belief
from tests.connector.services.trust.regional import Regional, events, kept, regional, url
from tests.harness import trustdomain

EVERY = tuple(Step)


def test_each_call_does_one_step_and_the_last_one_says_that_all_is_done(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        code = await here.code(region, key="14612000")
        joining, seen = town.trust.services.joining, []
        for _ in EVERY:
            done = await joining.go_on("admin", url("region"), code)
            seen.append(done.done)
        assert seen == [EVERY[:count] for count in range(1, len(EVERY) + 1)]
        assert done.joined
        assert done.region is not None
        assert (done.region.own, done.region.title) == (True, "Region Elbland")
        again = await joining.go_on("admin", url("region"), code)
        assert again.joined
        assert (await events(town)).count("region.joined") == 1
        (member,) = [one for one in await kept(region).members.select() if one.id == town.did]
        assert (member.key, member.state) == ("14612000", "active")

    regional(tmp_path, act)


def test_a_node_that_is_stopped_after_any_step_goes_on_where_it_was(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        code = await here.code(region)
        for count in range(1, len(EVERY) + 1):
            town = await here.world.node("town")
            done = await town.trust.services.joining.go_on("admin", url("region"), code)
            assert done.done == EVERY[:count]
            await here.world.stop("town")
        assert (await events(region)).count("member.joined") == 1
        issued = await kept(region).revocation.list()
        assert len(issued) == 2  # one in each profile

    regional(tmp_path, act)


def test_a_node_that_ends_while_a_step_is_under_way_does_it_again(tmp_path: Path) -> None:
    """The call is cut at each of its steps towards the outside; what has been done by then is not done twice."""

    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        code = await here.code(region)
        for cut in range(40):
            town = await here.world.node("town")
            task = asyncio.create_task(town.trust.services.joining.go_on("admin", url("region"), code))
            await asyncio.sleep(0.0005 + 0.001 * (cut % 12))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await here.world.stop("town")
        town = await here.world.node("town")
        assert (await here.join(town, region, code)).joined
        assert (await events(region)).count("member.joined") == 1
        assert await town.store.read(lambda view: view.count(Region)) == 1
        held = await town.trust.services.wallet.list()
        assert len({one.profile for one in held}) == len(held) == 2

    regional(tmp_path, act)


def test_a_region_that_is_away_for_a_while_stops_nothing_for_good(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        code = await here.code(region)
        for _ in EVERY[:2]:
            await town.trust.services.joining.go_on("admin", url("region"), code)
        here.world.away.add("region.example")
        with pytest.raises(DeliveryError):
            await town.trust.services.joining.go_on("admin", url("region"), code)
        here.world.away.clear()
        await asyncio.sleep(60)
        assert (await here.join(town, region, code)).joined

    regional(tmp_path, act)


def test_the_code_of_another_region_is_noticed_before_anything_is_done(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, other = await here.region("region", "Region Elbland"), await here.region("other", "Region Heide")
        town = await here.world.node("town")
        foreign = await here.code(other)
        with pytest.raises(InputError) as caught:
            await town.trust.services.joining.go_on("admin", url("region"), foreign)
        assert caught.value.reason.code == "code.root"
        assert await town.store.read(lambda view: (view.count(Region), view.count(Wish))) == (0, 0)
        assert not [one for one in here.world.asked if "enroll" in one]
        assert region.did != other.did

    regional(tmp_path, act)


@pytest.mark.parametrize(("code", "why"), [("ABC", "length"), ("U" * 25, "character"), ("0" * 24 + "1", "check")])
def test_what_can_be_no_code_goes_nowhere(tmp_path: Path, code: str, why: str) -> None:
    async def act(here: Regional) -> None:
        town = await here.world.node("town")
        with pytest.raises(InputError) as caught:
            await town.trust.services.joining.go_on("admin", url("region"), code)
        assert (caught.value.reason.code, caught.value.reason.params["why"]) == ("code.form", why)
        assert here.world.asked == []

    regional(tmp_path, act)


def test_a_code_that_somebody_else_has_used_or_nobody_has_made_gets_nothing(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        other = await here.world.node("other")
        code = await here.code(region)
        await here.join(town, region, code)
        made_up = codes.make(b"0123456789", kept(region).members._root()).text
        for wrong in (code, made_up):
            with pytest.raises(NodeError) as caught:
                await here.join(other, region, wrong)
            assert not isinstance(caught.value, PeerError)
        assert await other.store.read(lambda view: view.count(HeldCredential)) == 0
        assert await region.store.read(lambda view: view.get(Member, other.did)) is None

    regional(tmp_path, act)


def test_a_node_without_a_region_cannot_be_joined(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, plain = await here.region("region", "Region Elbland"), await here.world.node("plain")
        town = await here.world.node("town")
        with pytest.raises(InputError) as caught:
            await town.trust.services.joining.go_on("admin", plain.config.public_url, await here.code(region))
        assert caught.value.reason.code == "region.none"

    regional(tmp_path, act)


def test_the_node_that_keeps_a_region_joins_it_like_anybody(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        (own,) = await region.trust.services.regions.select()
        assert (own.id, own.own) == (region.did, False)  # believed from the first moment
        assert (await here.join(region, region)).joined
        (own,) = await region.trust.services.regions.select()
        assert own.own

    regional(tmp_path, act)


def test_members_of_one_region_deal_with_each_other_without_comparing_words(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        nord, sued = await here.world.node("nord"), await here.world.node("sued")
        for one in (nord, sued):
            await here.join(one, region)
        added = await nord.peers.add("admin", url("sued"), "sued", pin=False)
        assert (added.pinned, added.vouch is not None and added.vouch.region) == (False, region.did)
        page = await nord.discovery.catalog(sued.did)
        assert page.catalog.participantId == sued.did

    regional(tmp_path, act)


async def refused(asked: Any) -> str:
    with pytest.raises(NodeError) as caught:
        await asked
    return caught.value.reason.params.get("said", caught.value.reason.code)


def test_a_suspended_member_gets_nothing_and_comes_back(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        nord, sued = await here.world.node("nord"), await here.world.node("sued")
        for one in (nord, sued):
            await here.join(one, region)
        await nord.peers.add("admin", url("sued"), "sued", pin=False)
        await kept(region).members.suspend("admin", nord.did)
        await asyncio.sleep(400)
        assert await refused(nord.discovery.catalog(sued.did)) == "token.refused"  # why is for those over there
        told = await sued.trust.services.explaining.explain(nord.did, now=True)
        assert not told.trusted
        assert "trust.suspended" in [link.code for link in told.links if not link.ok]
        await kept(region).members.restore("admin", nord.did)
        await asyncio.sleep(400)
        assert (await nord.discovery.catalog(sued.did)).catalog.participantId == sued.did

    regional(tmp_path, act)


class Elsewhere:
    """A false URL: it shows the root of the region at `of`, with keys of its own, and notes whatever is said to it."""

    def __init__(self, here: Regional, of: str) -> None:
        self.here, self.of, self.url = here, of, url("false")
        self.did, self.key = did.of_url(self.url), generate_private_key(SECP256R1())
        self.kid = self.did + "#issuer"
        self.shown = {self.kid: jwk.write(self.key.public_key())}
        self.proof: Proof | None = None
        self.said: list[Request] = []
        here.world.stations["false.example"] = self.answer

    async def genuine(self) -> PublicRegion:
        return msgspec.json.decode(await self.here.world.fetch(self.of + "/region"), type=PublicRegion)

    async def answer(self, request: Request) -> Reply:
        self.said.append(request)
        if request.path == "/.well-known/did.json":
            service = Service("i", "IssuerService", self.url + "/issuer")
            keys = {"issuer": self.shown[self.kid]}
            return Reply(200, msgspec.json.encode(did.document(self.url, self.url + "/dsp", keys, [service])))
        if request.path == "/region":
            found = replace(await self.genuine(), did=self.did, url=self.url, proof=self.proof)
            return Reply(200, msgspec.json.encode(found))
        return Reply(404, b"")


@pytest.mark.parametrize("shows", ["nothing", "that of the region", "one of its own", "what a member is given"])
def test_whoever_shows_the_regions_root_without_being_it_never_hears_the_code(tmp_path: Path, shows: str) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        false, now = Elsewhere(here, url("region")), here.world.clock.now()
        own = trustdomain.made(tmp_path / "forged", now=now, url=false.url)
        made = genuine.prove(own, false.key, false.kid, published=false.shown, public_url=false.url, now=now)
        assert made is not None
        domain = kept(region).domain.keys()
        given = trustdomain.issue(domain.nodes, Profile.SIGNING, member=false.did, key=false.key, now=now)
        false.proof = {
            "nothing": None,
            "that of the region": (await false.genuine()).proof,
            "one of its own": made,
            "what a member is given": replace(made, chain=(pem(given), pem(domain.nodes.certificate))),
        }[shows]
        code = await here.code(region)
        with pytest.raises(InputError) as caught:
            await town.trust.services.joining.go_on("admin", false.url, code)
        assert caught.value.reason.code == "region.unproved"
        assert await town.store.read(lambda view: (view.count(Region), view.count(Wish))) == (0, 0)
        assert {one.path for one in false.said} == {"/.well-known/did.json", "/region"}
        assert not [one for one in false.said if one.method != "GET" or one.body or code in repr(one)]
        assert "authorization" not in {name for one in false.said for name in one.headers}
        assert (await here.join(town, region, code)).joined  # and the code is good still

    regional(tmp_path, act)


def test_a_region_with_later_keys_proves_itself_still(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        first, second, third = [await here.world.node(name) for name in ("nord", "sued", "west")]
        code = await here.code(region)
        await region.keyring.rotate("admin", "issuer", revoke=True)
        assert region.keys.signing("issuer")[1] == "issuer-2"
        assert (await here.join(first, region, code)).joined
        code = await here.code(region)
        await kept(region).domain.renew_authority("admin")
        assert (await here.join(second, region, code)).joined
        former = await here.code(region)
        await kept(region).domain.renew_root("admin")
        assert (await here.join(third, region)).joined
        other = await here.world.node("ost")
        with pytest.raises(InputError) as caught:
            await here.join(other, region, former)
        assert caught.value.reason.code == "code.root"

    regional(tmp_path, act)


def test_words_are_not_compared_with_a_proof_that_is_none(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        false = Elsewhere(here, url("region"))
        seen = await town.trust.services.regions.look(false.url)
        assert not seen.proved
        assert (await town.trust.services.regions.look(url("region"))).proved
        false.proof = (await false.genuine()).proof
        with pytest.raises(InputError) as caught:
            await town.trust.services.regions.add("admin", false.url, "", words=seen.words, belief=Belief())
        assert caught.value.reason.code == "region.unproved"
        assert region.did != false.did

    regional(tmp_path, act)

"""A year of trust on virtual time: join, renew, rotate, revoke, a region's next key, clocks that are wrong, a node that
was away for a month. Nobody does anything but what is written here; everything else has to happen by itself.

Days pass by moving the calendar; then an hour and a bit goes by, in which every work of the nodes has its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest import mock

from certs import jwk
from connector.errors import NodeError
from connector.node import Node
from connector.records import HeldCredential, Issued, Participant
from tests.connector import vouched
from tests.connector.services.trust.regional import Regional, kept, regional
from tests.harness.virtual import VirtualClock

DAY = 86_400.0
HOUR = 3_700.0
"""Seconds in which everything that nodes do now and then has been done once."""


class Calendar:
    """Every node's clock; `away` are those that a node has of its own."""

    def __init__(self) -> None:
        self.shift = 0.0
        self.clocks: list[VirtualClock] = []

    def clock(self) -> VirtualClock:
        made = VirtualClock()
        made.shift = self.shift
        self.clocks.append(made)
        return made

    async def days(self, days: float, *, step: float = 10.0) -> None:
        """Let days pass, some at a time, and an hour after each."""
        while days > 0:
            self.move(min(days, step) * DAY - HOUR)
            await asyncio.sleep(HOUR)
            days -= step

    def move(self, seconds: float) -> None:
        """The calendar alone."""
        self.shift += seconds
        for clock in self.clocks:
            clock.shift += seconds


class Life:
    """A region with a city and a town in it, who deal with each other."""

    def __init__(self, here: Regional, calendar: Calendar, region: Node, city: Node, town: Node) -> None:
        self.here, self.calendar = here, calendar
        self.region, self.city, self.town = region, city, town

    async def deal(self) -> None:
        """Each asks the other what it offers. Raises `NodeError` where one is refused."""
        await self.city.discovery.catalog(self.town.did)
        await self.town.discovery.catalog(self.city.did)

    async def refused(self) -> bool:
        try:
            await self.deal()
        except NodeError:
            return True
        return False

    async def known(self, at: Node, who: Node) -> Participant:
        found = await at.store.read(lambda view: view.get(Participant, who.did))
        assert found is not None
        return found

    async def credential(self, who: Node) -> HeldCredential:
        """The membership that ends last."""
        held = await who.store.read(lambda view: view.select(HeldCredential, issuer=self.region.did))
        return max(held, key=lambda one: one.ends)


def lived(folder: Path, story: Callable[[Life], Awaitable[None]]) -> None:
    """Found, join, and let a story happen."""
    calendar = Calendar()

    async def act(here: Regional) -> None:
        calendar.clocks.append(here.world.clock)
        region = await here.region("region", "Region Elbland")
        city, town = await here.world.node("city"), await here.world.node("town")
        for one in (city, town):
            assert (await here.join(one, region)).joined
        await city.peers.add("admin", town.config.public_url, "town", pin=False)
        await town.peers.add("admin", city.config.public_url, "city", pin=False)
        life = Life(here, calendar, region, city, town)
        await life.deal()
        await story(life)

    with mock.patch.object(vouched, "VirtualClock", calendar.clock):
        regional(folder, act)


def test_what_a_member_has_is_renewed_in_time(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        first = await life.credential(life.town)
        shown = life.town.trust.certifying.own.held("tls")
        for _ in range(12):
            await life.calendar.days(10)
            await life.deal()
        last = await life.credential(life.town)
        assert last.ends > first.ends
        assert last.ends > life.town.clock.now()
        assert life.town.trust.certifying.own.held("tls") != shown
        assert (await life.known(life.city, life.town)).changed is None

    lived(tmp_path, story)


def test_keys_are_rotated_again_and_again_and_one_is_revoked(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        for name in ("token", "audit", "token", "token"):
            await life.town.keyring.rotate("admin", name)
            await life.deal()
            await life.calendar.days(2)
            await life.deal()
        assert life.town.keys.token_name == "token-4"
        await life.town.keyring.rotate("admin", "token", revoke=True)
        assert life.town.keys.token_name == "token-5"
        await asyncio.sleep(HOUR)
        await life.deal()
        seen = await life.known(life.city, life.town)
        assert (seen.changed, seen.tokens[-1]) == (None, f"{life.town.did}#token-5")
        assert f"{life.town.did}#token-4" not in seen.keys
        (certificate, *_) = life.town.trust.certifying.own.held("signing")
        assert jwk.of(certificate.public_key()).thumbprint == life.town.keys.ring.of("token")[-1].thumbprint  # type: ignore[arg-type]

    lived(tmp_path, story)


def test_a_region_goes_on_with_its_next_key(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        await life.region.keyring.rotate("admin", "issuer")
        for _ in range(13):
            await life.calendar.days(10)
            await life.deal()
        assert life.region.keys.signing("issuer")[1] == "issuer-2"
        issued = await life.region.store.read(lambda view: view.select(Issued, limit=1000))
        assert issued
        published = life.region.keys.published()
        assert "issuer-2" in published
        for _ in range(9):
            await life.calendar.days(10)
            await life.deal()
        assert "issuer" not in life.region.keys.published(), "nothing is left that it has signed"

    lived(tmp_path, story)


def test_a_member_that_is_suspended_is_refused_and_comes_back(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        members = kept(life.region).members
        (member,) = [one for one in await members.select() if one.id == life.town.did]
        await members.suspend("admin", member.id)
        await asyncio.sleep(2 * life.city.config.trust.recheck_seconds)
        assert await life.refused()
        await members.restore("admin", member.id)
        await asyncio.sleep(HOUR)
        await life.deal()

    lived(tmp_path, story)


def test_a_clock_that_is_two_days_off_does_no_lasting_harm(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        clock = life.town.clock
        assert isinstance(clock, VirtualClock)
        for wrong in (2 * DAY, -2 * DAY):
            clock.shift += wrong
            assert await life.refused(), "its tokens are of another day"
            await life.town.keyring.rotate("admin", "token")
            await asyncio.sleep(HOUR)
            clock.shift -= wrong
            await asyncio.sleep(HOUR)
            await life.deal()
            await life.calendar.days(4, step=1)
            await life.deal()
        assert life.town.keys.token_name == "token-3"
        assert (await life.known(life.city, life.town)).changed is None

    lived(tmp_path, story)


def test_a_node_that_was_away_for_a_month_comes_back_by_itself(tmp_path: Path) -> None:
    """Meanwhile the others have rotated everything that they have."""

    async def story(life: Life) -> None:
        await life.here.world.stop("town")
        life.calendar.clocks.remove(life.town.clock)  # type: ignore[arg-type]
        await life.region.keyring.rotate("admin", "issuer")
        await life.region.keyring.rotate("admin", "token")
        for name in ("token", "audit", "token"):
            await life.city.keyring.rotate("admin", name)
            await life.calendar.days(5)
        await life.calendar.days(15)
        life.town = await life.here.world.node("town")
        await asyncio.sleep(HOUR)
        await life.deal()
        assert (await life.credential(life.town)).ends > life.town.clock.now()
        for at, who in ((life.town, life.city), (life.city, life.town)):
            assert (await life.known(at, who)).changed is None

    lived(tmp_path, story)

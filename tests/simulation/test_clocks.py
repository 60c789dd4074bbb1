"""F20: a clock that is two days ahead for a moment forgets tokens, and set back it must not take them again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.connector.services.world import settled
from tests.simulation.hosts import Host
from tests.simulation.play import Play
from tests.simulation.prepared import Prepared
from tests.simulation.test_faults import asked, played

TWO_DAYS = 172_800.0


def test_what_was_captured_is_worth_nothing_when_the_clock_goes_back(prepared: Prepared, tmp_path: Path) -> None:
    """The captured tokens have not ended by the right clock, and have been swept by the wrong one."""

    async def story(play: Play) -> None:
        n = await asked(play)
        await settled(play.hosts[1].node.negotiations, n.id, ("FINALIZED",))
        letters = list(play.network.letters)
        for host in play.hosts:
            host.clock.shift += TWO_DAYS
        await asyncio.sleep(90)
        for host in play.hosts:
            host.clock.shift -= TWO_DAYS
        assert all("clock" in _wrong(host) for host in play.hosts)
        before = [await host.node.audit.log(limit=1000) for host in play.hosts]
        for letter in letters:
            assert (await play.network.deliver(letter)).status == 401
        assert [await host.node.audit.log(limit=1000) for host in play.hosts] == before
        # Who comes later has a token that ends later: nobody else is locked out.
        await settled(play.hosts[1].node.negotiations, (await asked(play)).id, ("FINALIZED",))

    played(prepared, tmp_path, story)


def _wrong(host: Host) -> set[str]:
    """What a host's health complains about."""
    return {name for name, wrong in host.node.health.report() if wrong is not None}

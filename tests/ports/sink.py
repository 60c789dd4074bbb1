"""What every Sink must do: a base class for the tests of each adapter.

A subclass gives the fixtures `sink` and `settings`, says what arrived (`there`), and overrides the hooks that its
target can do; a test whose hook is not there is skipped and says so. A sink that is `at_least_once` may have a batch
again; one that is not, never.
"""

from __future__ import annotations

from typing import Any, NoReturn

import msgspec
import pytest

from connector.data.ports import Batch, Sink
from connector.errors import SourceError

ONE, OTHER = "urn:uuid:00000000-0000-7000-8000-00000000a001", "urn:uuid:00000000-0000-7000-8000-00000000a002"
Settings = dict[str, Any]


def batch(number: int, *values: int) -> Batch:
    """A batch whose watermark is its number."""
    rows = tuple(msgspec.json.encode({"n": value, "name": f'Straße "{value}",\n;x', "gone": None}) for value in values)
    return Batch(number, rows, f"mark-{number}")


class SinkContract:
    """What holds for every sink, wherever it puts rows."""

    # --- hooks --------------------------------------------------------------------------------------------------------

    async def there(self) -> list[int]:
        """The numbers `n` of all rows that are there, in their order."""
        raise NotImplementedError

    async def away(self) -> None:
        """From now on the target cannot be reached, or takes nothing."""
        self.lacks("away")

    async def back(self) -> None:
        """It can again."""
        self.lacks("back")

    async def again(self) -> Sink:
        """The sink as it is after the node was killed and started again."""
        self.lacks("again")

    def lacks(self, hook: str) -> NoReturn:
        """Skips the test."""
        pytest.skip(f"this sink's test has no hook `{hook}`")

    # --- settings -----------------------------------------------------------------------------------------------------

    async def test_its_settings_pass(self, sink: Sink, settings: Settings) -> None:
        assert list(sink.check(settings)) == []

    async def test_unknown_and_missing_settings_do_not(self, sink: Sink, settings: Settings) -> None:
        assert sink.check({**settings, "no such setting": "1"})
        assert sink.check({})
        for one in sink.settings:
            if one.needed:
                assert sink.check({name: value for name, value in settings.items() if name != one.name})

    async def test_settings_are_told_in_both_languages(self, sink: Sink) -> None:
        assert all(one.about and one.ueber and one.about != one.ueber for one in sink.settings)

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def test_rows_arrive_in_their_order(self, sink: Sink, settings: Settings) -> None:
        assert await sink.position(settings, ONE) is None
        await sink.write(settings, ONE, batch(1, 1, 2))
        await sink.write(settings, ONE, batch(2, 3))
        assert await self.there() == [1, 2, 3]

    async def test_it_knows_where_it_is(self, sink: Sink, settings: Settings) -> None:
        await sink.write(settings, ONE, batch(1, 1))
        await sink.write(settings, ONE, batch(2, 2))
        found = await sink.position(settings, ONE)
        if sink.at_least_once:
            assert found is None or (found.number, found.watermark) == (2, "mark-2")
            return
        assert found is not None
        assert (found.number, found.watermark) == (2, "mark-2")
        assert await sink.position(settings, OTHER) is None

    async def test_the_same_batch_twice(self, sink: Sink, settings: Settings) -> None:
        for number, values in ((1, (1, 2)), (1, (1, 2)), (2, (3,)), (2, (3,))):
            await sink.write(settings, ONE, batch(number, *values))
        there = await self.there()
        assert sorted(set(there)) == [1, 2, 3]
        assert sink.at_least_once or there == [1, 2, 3]

    async def test_a_batch_without_rows(self, sink: Sink, settings: Settings) -> None:
        await sink.write(settings, ONE, batch(1))
        await sink.write(settings, ONE, batch(2, 1))
        assert await self.there() == [1]

    async def test_two_subscriptions_do_not_get_in_each_others_way(self, sink: Sink, settings: Settings) -> None:
        await sink.write(settings, ONE, batch(1, 1))
        await sink.write(settings, OTHER, batch(1, 2))
        await sink.write(settings, ONE, batch(2, 3))
        assert sorted(await self.there()) == [1, 2, 3]

    # --- what goes wrong ----------------------------------------------------------------------------------------------

    async def test_a_target_that_is_away_keeps_nothing(self, sink: Sink, settings: Settings) -> None:
        await sink.write(settings, ONE, batch(1, 1))
        await self.away()
        with pytest.raises(SourceError):
            await sink.write(settings, ONE, batch(2, 2))
        await self.back()
        await sink.write(settings, ONE, batch(2, 2))
        assert await self.there() == [1, 2]

    async def test_after_a_kill_it_goes_on(self, sink: Sink, settings: Settings) -> None:
        await sink.write(settings, ONE, batch(1, 1, 2))
        other = await self.again()
        found = await other.position(settings, ONE)
        assert found is None or found.number == 1
        await other.write(settings, ONE, batch(2, 3))
        assert await self.there() == [1, 2, 3]
        await other.close()

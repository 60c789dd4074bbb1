"""connector/data/readings/arrivals.py: what is here, what is missing, what never comes."""

from __future__ import annotations

from typing import Any

import msgspec

from connector.data.readings.arrivals import Arrived, arrivals
from connector.data.readings.model import Field, Legend, Series
from connector.records import DeviceReadings

AIR, WIDER = Series("air", (Field("pm25"),)), Series("air", (Field("pm25"), Field("pm10")))


def brought(**more: Any) -> DeviceReadings:
    said = msgspec.msgpack.encode(Legend(1, 0, ((1, AIR), (2, Series("noise", (Field("db"),))), (3, WIDER))))
    return DeviceReadings(**{"id": " did:x", "scope": "", "device": "did:x", "legend": said, "known": 1, **more})


def counted(one: DeviceReadings) -> list[Arrived]:
    class Kept:
        def select(self, kind: type[Any], /, **where: Any) -> list[Any]:
            assert kind is DeviceReadings
            return [one]

    view: Any = Kept()
    (found,) = arrivals(view, limit=10)
    return list(found.series)


def test_what_is_missing_is_known_by_the_numbers() -> None:
    one = brought(held={1: ((1, 10), (21, 30))}, gone={1: ((11, 13),)}, why={1: "full"})
    assert counted(one) == [Arrived(series="air", here=20, awaited=7, gone=3, why="full")]


def test_what_has_come_after_all_is_not_gone_and_series_stand_by_themselves() -> None:
    one = brought(held={1: ((1, 5),), 2: ((1, 2),), 3: ((2, 3),)}, gone={1: ((4, 8),)}, why={1: "damaged"})
    assert counted(one) == [
        Arrived(series="air", here=7, awaited=1, gone=3, why="damaged"),
        Arrived(series="noise", here=2, awaited=0, gone=0, why=""),
    ]


def test_only_losses_and_a_number_that_was_never_explained() -> None:
    one = brought(gone={7: ((1, 4),)}, why={7: "full"})
    assert counted(one) == [Arrived(series="7", here=0, awaited=0, gone=4, why="full")]
    assert counted(brought()) == []

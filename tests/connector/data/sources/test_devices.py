"""connector/data/sources/devices.py: what a device delivers is offered, and never read."""

from __future__ import annotations

from typing import Any

import pytest

from connector.data.sources.devices import DeviceSource
from connector.errors import SourceError
from connector.records import Asset
from connector.services.formats import OFFERED, READINGS_PUSH, best_push, is_push, offered
from connector.system import SystemClock

RIGHT = {"device": "did:web:city.example:edge:roof", "series": "air"}


def source() -> DeviceSource:
    return DeviceSource(clock=SystemClock(), closed=())


def test_a_device_and_a_series_are_named() -> None:
    assert source().check(RIGHT) == []
    assert source().check({**RIGHT, "device": "did:web:city.example%3A8080:town:edge:roof"}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "roof"},
        {"device": "did:web:city.example"},
        {"device": "did:web:city.example:edge:ROOF"},
        {"device": 7},
        {"series": ""},
        {"series": "Air quality"},
        {"series": None},
        {"path": "/etc/passwd"},
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, Any]) -> None:
    assert len(source().check({**RIGHT, **wrong})) == 1


async def test_nobody_reads_it() -> None:
    asset = Asset(id="a", name="air", title="Luft", kind="edge", settings=RIGHT, created=0, created_by="mayor")
    with pytest.raises(SourceError) as caught:
        await source().open(asset, "")
    assert caught.value.reason.code == "source.delivered"


def test_it_is_offered_in_its_own_format_alone() -> None:
    assert offered("edge") == (READINGS_PUSH,)
    assert offered("file") == OFFERED
    assert READINGS_PUSH not in OFFERED
    assert is_push(READINGS_PUSH)
    assert best_push(offered("edge")) == READINGS_PUSH
    assert best_push(OFFERED) != READINGS_PUSH

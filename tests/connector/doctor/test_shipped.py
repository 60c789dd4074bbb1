"""Behind the real web servers with the printed configurations the doctor finds nothing, and peers call back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connector.doctor.patients import examined
from tests.connector.proxy.fronted import befriended, fronted
from tests.harness.authority import Authority
from tests.harness.front import needs


@pytest.mark.parametrize(("front", "prefix"), [("nginx", "/stadt"), ("caddy", "/stadt/daten"), ("nginx", "")])
async def test_a_node_behind_a_shipped_configuration_is_well(tmp_path: Path, front: str, prefix: str) -> None:
    needs(front)
    authority = Authority(tmp_path / "authority")
    async with (
        fronted(tmp_path / "city", front, prefix, authority) as city,
        fronted(tmp_path / "utility", front, "", authority) as utility,
    ):
        await befriended(city, utility, "utility")
        await befriended(utility, city, "city")
        assert [code for code in await examined(city) if code != "reach.tls_soon"] == []
        broken = await city.probes.ask("utility")
        assert broken is None or broken.code == "reach.tls_soon", "the test's own certificates are short-lived"

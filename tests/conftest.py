"""What every test shares: long campaigns are chosen by name; no example is judged by how long it takes.

`@pytest.mark.long("powercuts")` names a campaign; it is left out unless `--long powercuts` or `--long all` asks for it,
and then nothing else runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.servers.fixtures",)

# How fast a machine is says nothing about what it tests. Whoever has chosen a profile keeps it.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() == "default":
    settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A test that runs a node's main in this process must not leave its log's stream to the next one."""
    yield
    structlog.reset_defaults()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long NAME`, passed on by scripts/test."""
    parser.addoption("--long", metavar="NAME", help="run the long campaign of this name, or all of them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Campaigns and ordinary tests never run together."""
    wanted = config.getoption("--long")
    kept, left_out = [], []
    for item in items:
        mark = item.get_closest_marker("long")
        chosen = mark is None if wanted is None else mark is not None and wanted in ("all", *mark.args)
        (kept if chosen else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept

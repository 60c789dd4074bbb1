"""An OGC SensorThings 1.1 server (django-ogc-sensorthings) with a database of its own, behind nginx.

Two stations, each with PM10 and temperature, `OBSERVATIONS` readings each, put in out of order; every tenth reading
has the same time as the one before. No page is longer than 100. This server shows every observation with the same
datastream where they are asked for across datastreams; of one datastream it is right.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from scripts.lib.leash import leashed
from tests.servers import front
from tests.servers.keeping import ROOT, free_port, listens, process, python, until

USER: Final = "www-data"
STATIONS: Final = ("Mitte", "Söflingen")
OBSERVATIONS: Final = 130


@contextlib.contextmanager
def running(folder: Path, _common: Path) -> Iterator[dict[str, Any]]:
    """Start it."""
    port, behind, log = free_port(), free_port(), folder / "server.log"
    site = Path(__file__).with_name("sensorthings_site.py")
    command = [str(ROOT / ".servers" / "bin" / "python"), "-P", str(site), str(folder), str(port), str(behind)]
    environment = {"PATH": os.environ["PATH"], "STATIONS": ",".join(STATIONS), "OBSERVATIONS": str(OBSERVATIONS)}
    with (
        process(leashed(command), log, cwd=folder, env=environment) as started,
        contextlib.ExitStack() as stack,
    ):
        until(lambda: listens(behind), started, log)
        passed = f"proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host;"
        nginx = stack.enter_context(front.fronting(folder, USER, port, passed))
        yield {one: getattr(nginx, one) for one in nginx.__struct_fields__}


def required() -> None:
    """Skip where it is not installed."""
    front.required()
    python("sensorthings")

"""The servers as fixtures of pytest, for every test of this tree.

`postgres` and `mariadb` are one server for the whole run; `postgres_database` and `mariadb_database` are a fresh
database in it for each test. `mosquitto` is a broker of its own for each test, which the test may end and start again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import front, keeping, mapserver, mariadb, mosquitto, postgres, pygeoapi, sensorthings


@pytest.fixture(scope="session")
def servers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run have."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "servers"


def _shared(name: str, folder: Path) -> contextlib.AbstractContextManager[dict[str, Any]]:
    return contextlib.contextmanager(keeping.shared)(name, folder)


@pytest.fixture
def alone(servers_folder: Path) -> Iterator[None]:
    """Nobody else who wants this as well asks a shared server meanwhile: its record and its rows are this test's."""
    servers_folder.mkdir(parents=True, exist_ok=True)
    with (servers_folder / "alone").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session", name="postgres")
def postgres_server(servers_folder: Path) -> Iterator[postgres.Postgres]:
    """PostgreSQL with PostGIS."""
    postgres.required()
    with _shared("postgres", servers_folder) as facts:
        yield postgres.Postgres(**facts)


@pytest.fixture
def postgres_database(postgres: postgres.Postgres) -> Iterator[postgres.Database]:
    """A fresh database in it."""
    with postgres.database(f"test_{os.urandom(6).hex()}") as database:
        yield database


@pytest.fixture(scope="session", name="mariadb")
def mariadb_server(servers_folder: Path) -> Iterator[mariadb.MariaDB]:
    """MariaDB."""
    mariadb.required()
    with _shared("mariadb", servers_folder) as facts:
        yield mariadb.MariaDB(**facts)


@pytest.fixture
def mariadb_database(mariadb: mariadb.MariaDB) -> Iterator[mariadb.Schema]:
    """A fresh database in it."""
    with mariadb.database(f"test_{os.urandom(6).hex()}") as schema:
        yield schema


@pytest.fixture(scope="session", name="mapserver")
def mapserver_server(servers_folder: Path) -> Iterator[front.Front]:
    """MapServer behind nginx: WFS 2.0 at `url` + "/wfs"."""
    mapserver.required()
    with _shared("mapserver", servers_folder) as facts:
        yield front.Front(**facts)


@pytest.fixture(scope="session", name="pygeoapi")
def pygeoapi_server(servers_folder: Path) -> Iterator[front.Front]:
    """pygeoapi behind nginx: OGC API - Features at `url`."""
    pygeoapi.required()
    with _shared("pygeoapi", servers_folder) as facts:
        yield front.Front(**facts)


@pytest.fixture(scope="session", name="sensorthings")
def sensorthings_server(servers_folder: Path) -> Iterator[front.Front]:
    """SensorThings behind nginx: its root at `url` + "/sensorthings/v1.1"."""
    sensorthings.required()
    with _shared("sensorthings", servers_folder) as facts:
        yield front.Front(**facts)


@pytest.fixture(name="mosquitto")
def mosquitto_broker() -> Iterator[mosquitto.Mosquitto]:
    """A broker that runs."""
    mosquitto.required()
    with keeping.folder_of(mosquitto.USER) as folder:
        broker = mosquitto.Mosquitto(folder)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()

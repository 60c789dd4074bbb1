"""The servers themselves: they answer, keep a record of what they were asked, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiomqtt
import asyncpg
import pymysql
import pytest

from tests.servers import keeping
from tests.servers.mariadb import READER as MARIADB_READER
from tests.servers.mariadb import MariaDB, Schema
from tests.servers.mosquitto import READER, Mosquitto
from tests.servers.postgres import Database


async def test_postgres_reads_and_keeps_a_record_of_statements_with_parameters(postgres_database: Database) -> None:
    postgres_database.execute("CREATE TABLE trees (id int, place geometry(Point, 25832)); INSERT INTO trees VALUES (1)")
    reader = await asyncpg.connect(postgres_database.reader_url)
    try:
        assert await reader.fetchval("SELECT count(*) FROM trees WHERE id = $1", 1) == 1
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await reader.execute("INSERT INTO trees VALUES (2)")
    finally:
        await reader.close()
    told = postgres_database.statements()
    assert [one.text for one in told if "count" in one.text] == ["SELECT count(*) FROM trees WHERE id = $1"]
    assert "$1 = '1'" in next(one.detail for one in told if "count" in one.text)


async def test_postgres_wants_a_password(postgres_database: Database) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_database.server.url(postgres_database.name, "reader", "wrong"))


def test_mariadb_reads_and_keeps_a_record(mariadb_database: Schema) -> None:
    mariadb_database.execute("CREATE TABLE trees (id int); INSERT INTO trees VALUES (1)")
    server = mariadb_database.server
    with pymysql.connect(
        host=server.host, port=server.port, user="reader", password=MARIADB_READER, database=mariadb_database.name
    ) as reader:
        with reader.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM trees WHERE id = %s", (1,))
            assert cursor.fetchone() == (1,)
        with reader.cursor() as cursor, pytest.raises(pymysql.MySQLError):
            cursor.execute("INSERT INTO trees VALUES (2)")
    assert "SELECT count(*) FROM trees WHERE id = 1" in mariadb_database.statements()


async def test_mosquitto_remembers_what_it_holds_when_it_is_started_again(mosquitto: Mosquitto) -> None:
    mosquitto.publish("air/1", "17", retain=True)
    mosquitto.stop()
    mosquitto.start()
    async with aiomqtt.Client(mosquitto.host, mosquitto.port, username="reader", password=READER) as client:
        await client.subscribe("air/#", qos=1)
        async with asyncio.timeout(20):
            message = await anext(aiter(client.messages))
    assert message.payload == b"17"


async def test_mosquitto_wants_a_password(mosquitto: Mosquitto) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(mosquitto.host, mosquitto.port, username="reader", password="wrong"):
            pass


_WORKER = """
import contextlib, sys, time
from pathlib import Path
from tests.servers import keeping
with contextlib.contextmanager(keeping.shared)("postgres", Path(sys.argv[1])) as facts:
    print(facts["port"], flush=True)
    time.sleep(600)
"""


@pytest.mark.usefixtures("postgres")
def test_two_workers_share_one_server_and_killing_them_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WORKER, str(tmp_path)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=keeping.ROOT, text=True) for _ in range(2)]
    ports = set()
    for worker in workers:
        assert worker.stdout is not None
        ports.add(int(worker.stdout.readline()))
    (port,) = ports
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    assert keeping.listens(port)
    os.kill(workers[1].pid, signal.SIGKILL)
    workers[1].wait()
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.close()
    last = time.monotonic() + keeping.PATIENCE
    while keeping.listens(port):
        assert time.monotonic() < last
        time.sleep(0.05)


def test_a_database_that_a_test_still_reads_in_is_gone_and_it_is_said(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.servers.mariadb.LET_GO", 1)
    login: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": "reader", "password": MARIADB_READER}
    with pytest.raises(RuntimeError), mariadb.database("held") as database:
        database.execute("CREATE TABLE t (a INT) ENGINE=InnoDB; INSERT INTO t VALUES (1)")
        reader = pymysql.connect(**login, database="held")
        reader.begin()
        reader.cursor().execute("SELECT * FROM t")
    assert mariadb.execute("SHOW DATABASES LIKE 'held'") == ""

"""A device that starts: on a spool that another process has left behind when it was killed.

Run as a file, so that nothing is imported that is not asked for. `spool DIRECTORY BYTES LOG` makes a spool of so many
bytes and a database with a log of so many that no checkpoint has finished, and dies. `ready DIRECTORY` imports what the
agent imports, opens the buffer, keeps one batch and says so: from there on readings are taken. `bare` imports the
libraries alone.

What lives here: these processes. What does not: rows and targets (`keeping`).
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import time
from pathlib import Path
from typing import Final

THINGS: Final = 50
_BATCHES: Final = 64
_ROWS: Final = 1000
_SEGMENT: Final = 2 << 20
_LIBRARIES: Final = ("aiohttp.web", "cryptography.x509", "cbor2", "zstandard", "sqlite3", "msgspec", "uvloop")


def spool(directory: Path, size: int, log: int) -> None:
    """Closed segments made of 64 batches again and again, each with numbers of its own."""
    from connector.data.readings.model import Batch, Rows
    from edge_node.buffer import Sealed, segments
    from edge_node.buffer.files import Directory
    from edge_node.buffer.index import Change, Index, Row
    from edge_node.buffer.segments import End, LegendEntry, Start
    from edge_node.buffer.tail import parts
    from tests.edge_node import readings
    from tests.edge_node.buffer.device import BEGIN, sealer

    files = Directory(directory)
    index, _, _ = Index.open(directory)
    drawn = list(readings.samples(_BATCHES * _ROWS, things=THINGS))
    whole = readings.batch(drawn).rows
    kept = []
    for at in range(0, len(drawn), _ROWS):
        rows = Rows(
            whole.times[at : at + _ROWS],
            whole.things[at : at + _ROWS],
            [column[at : at + _ROWS] for column in whole.columns],
        )
        kept.append(sealer().batch(Batch(1, 1, at + 1, rows)))
    legend = LegendEntry(sealer().legend(readings.legend(drawn)))
    first, number, written = 1, 0, 0
    while written < size:
        number += 1
        batches: list[Sealed] = []
        data = [segments.group(number, BEGIN, [Start({1: first}), legend])]
        while sum(map(len, data)) < _SEGMENT:
            one = kept[len(batches) % _BATCHES]
            batches.append(Sealed(1, first, _ROWS, one.begin, one.end, False, one.data))
            data.append(segments.group(number, BEGIN, batches[-1:]))
            first += _ROWS
        data.append(segments.group(number, BEGIN, [End(len(batches))]))
        row = Row(number, 1, sum(map(len, data)), BEGIN, BEGIN, parts(batches))
        file = files.append(row.name)
        file.write(b"".join(data))
        file.close()
        written += row.bytes
        index.write(Change(rows={number: row}))
    _leave_log(directory, index, log)


def _leave_log(directory: Path, index: object, size: int) -> None:
    """A log of so many bytes behind a database that is still open when the process dies."""
    from edge_node.buffer.index import FILE, connect

    connection = connect(str(directory / FILE))
    for statement in ("PRAGMA wal_autocheckpoint=0", "PRAGMA synchronous=OFF"):
        connection.execute(statement)
    log = directory / f"{FILE}-wal"
    while log.stat().st_size < size:
        connection.execute("INSERT OR REPLACE INTO kept VALUES ('bench', ?)", (os.urandom(1 << 16),))
    os._exit(0)


async def ready(directory: Path) -> None:
    """Opens it and takes a batch."""
    importlib.import_module("edge_node.agent")
    from edge_node.buffer import Buffer
    from tests.edge_node.buffer.device import sealed, sealer

    buffer = Buffer.open(directory, sealing=sealer(), clock=lambda: time.time_ns() // 1000)
    await buffer.append([sealed(buffer.next(2), 1, series=2)])
    print("ready", buffer.status().readings, flush=True)
    os._exit(0)  # as a kill leaves it


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["spool", place, size, log]:
            spool(Path(place), int(size), int(log))
        case ["ready", place]:
            asyncio.run(ready(Path(place)))
        case _:
            for name in _LIBRARIES:
                importlib.import_module(name)
            print("bare", flush=True)

"""Serial ports as lines of bytes."""

from __future__ import annotations

import asyncio
import os
import termios
from pathlib import Path

import pytest

from edge_node.sources import lines
from edge_node.sources.lines import SerialSettings, open_serial
from tests.edge_node.sources.ports import port
from tests.edge_node.sources.taking import until

EVERY = bytes(range(256))


async def test_bytes_are_left_alone_in_both_directions() -> None:
    with port() as made:
        line = await open_serial(SerialSettings(device=made.path))
        made.write(EVERY)
        found = b""
        while len(found) < 256:
            found += await line.read()
        assert found == EVERY
        await line.write(EVERY)
        assert await made.read() == EVERY
        line.close()


async def test_the_port_is_set_up() -> None:
    with port() as made:
        settings = SerialSettings(device=made.path, baud=19200, parity="even", stop=2, bits=8)
        line = await open_serial(settings)
        control, _, speed = termios.tcgetattr(made._near)[2:5]
        assert speed == termios.B19200
        assert control & termios.CSTOPB
        assert control & termios.CSIZE == termios.CS8
        line.close()


async def test_a_port_that_is_unplugged_ends() -> None:
    with port() as made:
        line = await open_serial(SerialSettings(device=made.path))
        waiting = asyncio.create_task(line.read())
        await asyncio.sleep(0)
        made.unplug()
        with pytest.raises(OSError):
            await asyncio.wait_for(waiting, 10)
        line.close()


async def test_what_nobody_reads_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MOST", 100)
    with port() as made:
        line = await open_serial(SerialSettings(device=made.path))
        made.write(EVERY)
        assert isinstance(line, lines.SerialLine)
        await until(lambda: bytes(line._data).endswith(EVERY[-1:]))
        assert await line.read() == EVERY[-100:]
        line.discard()
        line.close()


@pytest.mark.parametrize("name", ["nothing", "file"])
async def test_what_is_no_port(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError):
        await open_serial(SerialSettings(device=str(tmp_path / name)))
    assert len(os.listdir("/proc/self/fd")) == before

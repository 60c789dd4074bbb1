"""A disk for the buffer that forgets what was not synced: its files, its directory and its database, cut at one moment.

What lives here: `Power`, the database's disk (`tests.harness.powerloss.Disk`) that also stands for the moment of the
cut; `CutFiles`, files on it. What does not: what is written and what must not be lost (`campaign`).

Model: a synced byte stays. A write that was not synced is kept, lost, or torn at a sector of 512 bytes, each by itself,
so later ones may stay where earlier ones do not. Names that were made, changed or deleted since the directory was
synced are kept up to one of them (a journal), or each by itself.
"""

from __future__ import annotations

import contextlib
import errno
import random
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import apsw

from edge_node.buffer.files import Appending
from tests.harness.powerloss import Disk, Thin

SECTOR = 512


class Power(Disk):
    """`cut_at` counts writes, truncations and syncs of the database, and everything that changes a file or a name.
    With `lying` no sync of a file does anything."""

    def __init__(self, *, cut_at: int, pragmas: Mapping[str, str] | None = None, lying: bool = False) -> None:
        super().__init__(cut_at=cut_at, pragmas=pragmas)
        self.lying = lying
        self._open: list[Thin] = []

    def off(self) -> None:
        """Nothing is done any more; connections are left as a kill or a power cut leaves them."""
        self.cut_at = 0
        for one in self._open:
            with contextlib.suppress(sqlite3.Error):
                one.close()
        self._open.clear()

    def on(self, operations: int) -> None:
        """The process was killed, and the next one has so many operations. Nothing was synced by that."""
        self.cut_at = self.operations + operations

    def connect(self, path: str) -> Thin:
        """What stands at `path`, and the log beside it, counts as synced when it is not known yet."""
        for one in Path(path).parent.glob("index.sqlite*"):
            if not one.name.endswith("-shm") and one.name not in self.kept and one.name not in self.loose:
                self.kept[one.name] = bytearray(one.read_bytes())
        self._open.append(Thin(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, vfs=self.name), self.pragmas))
        return self._open[-1]

    def act(self) -> None:
        """One more operation on a file."""
        try:
            self.operate()
        except apsw.IOError:
            raise OSError(errno.EIO, "the power is off") from None


class _Inode:
    def __init__(self, kept: bytes = b"") -> None:
        self.kept = bytearray(kept)
        self.now = bytearray(kept)
        self.loose: list[tuple[int, bytes | None]] = []

    def after(self, chance: random.Random) -> bytes:
        """As it may be found."""
        content = bytearray(self.kept)
        for offset, data in self.loose:
            fate = chance.random()
            if data is None:
                if fate < 0.5:
                    del content[offset:]
            elif fate < 0.8:
                _put(content, offset, data, chance, torn=fate < 0.6)
        return bytes(content)


def _put(content: bytearray, offset: int, data: bytes, chance: random.Random, *, torn: bool) -> None:
    """Write it, or some of its sectors."""
    at = 0
    while at < len(data):
        step = min(SECTOR - (offset + at) % SECTOR, len(data) - at)
        if not torn or chance.random() < 0.5:
            if len(content) < offset + at:
                content.extend(bytes(offset + at - len(content)))
            content[offset + at : offset + at + step] = data[at : at + step]
        at += step


class _Open:
    def __init__(self, power: Power, inode: _Inode) -> None:
        self._power, self._inode = power, inode

    def write(self, data: bytes) -> None:
        self._power.act()
        self._inode.loose.append((len(self._inode.now), data))
        self._inode.now += data

    def sync(self) -> None:
        self._power.act()
        if not self._power.lying:
            self._inode.kept = bytearray(self._inode.now)
            self._inode.loose.clear()

    def truncate(self, size: int) -> None:
        self._power.act()
        self._inode.loose.append((size, None))
        del self._inode.now[size:]

    def close(self) -> None:
        """Nothing is done."""


class CutFiles:
    """Files in memory. What `found` gives is what the next life begins with."""

    def __init__(self, power: Power, content: Mapping[str, bytes] | None = None) -> None:
        self._power = power
        self._kept = {name: _Inode(data) for name, data in (content or {}).items()}
        self._now = dict(self._kept)
        self._loose: list[tuple[str, _Inode | None]] = []

    def names(self) -> list[str]:
        return list(self._now)

    def size(self, name: str) -> int:
        return len(self._inode(name).now)

    def read(self, name: str, offset: int = 0, size: int = -1) -> bytes:
        return bytes(self._inode(name).now[offset : None if size < 0 else offset + size])

    def append(self, name: str) -> Appending:
        if name not in self._now:
            self._power.act()
            self._name(name, _Inode())
        return _Open(self._power, self._now[name])

    def rename(self, old: str, new: str) -> None:
        self._power.act()
        inode = self._inode(old)
        self._loose.append((old, None))
        self._name(new, inode)
        del self._now[old]

    def delete(self, name: str) -> None:
        self._power.act()
        self._inode(name)
        self._loose.append((name, None))
        del self._now[name]

    def sync(self) -> None:
        self._power.act()
        if not self._power.lying:
            self._kept = dict(self._now)
            self._loose.clear()

    def _name(self, name: str, inode: _Inode) -> None:
        self._loose.append((name, inode))
        self._now[name] = inode

    def _inode(self, name: str) -> _Inode:
        if name not in self._now:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return self._now[name]

    def found(self, chance: random.Random) -> dict[str, bytes]:
        """The files after the cut. A rename is one step: both names change, or neither."""
        names = dict(self._kept)
        steps = self._steps()
        journal = chance.random() < 0.5
        upto = chance.randrange(len(steps) + 1)
        for place, step in enumerate(steps):
            if place < upto if journal else chance.random() < 0.5:
                for name, inode in step:
                    if inode is None:
                        names.pop(name, None)
                    else:
                        names[name] = inode
        return {name: inode.after(chance) for name, inode in names.items()}

    def _steps(self) -> list[list[tuple[str, _Inode | None]]]:
        steps: list[list[tuple[str, _Inode | None]]] = []
        loose = iter(self._loose)
        for name, inode in loose:
            renamed = inode is None and name in self._kept and any(one is self._kept[name] for _, one in self._loose)
            steps.append([(name, inode), next(loose)] if renamed else [(name, inode)])
        return steps

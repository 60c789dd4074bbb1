"""What the buffer keeps and what it tells about itself.

What lives here: values, and the seal as the buffer needs it. What does not: files, SQL, time.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

from msgspec import Struct

from connector.data.readings.model import Batch, Legend

FULL: Final = "full"
"""Forgotten because there was no room, as the owner has settled it."""
THINNED: Final = "thinned"
"""Thinned out because there was no room, as the owner has settled it."""
DAMAGED: Final = "damaged"
"""The disk gave back other bytes than were written, or none."""


class Sealed(Struct, frozen=True, gc=False):
    """A batch as it goes out: a COSE_Sign1 with readings `first` to `last` of a series, taken between `begin` and `end`
    (microseconds UTC). `unsure`: before the clock was set."""

    series: int
    first: int
    count: int
    begin: int
    end: int
    unsure: bool
    data: bytes

    @property
    def last(self) -> int:
        """The number of its last reading."""
        return self.first + self.count - 1


class Limits(Struct, frozen=True):
    """Bounds of the buffer. `bytes`: all its segments together; `full`: what is done there (see
    `edge_node.config.BufferSettings`); `batch`: readings that are sealed together as they come, if they come fast
    enough."""

    bytes: int = 1_000_000_000
    full: Literal["oldest", "thin", "refuse"] = "oldest"
    batch: int = 1000
    together: int = 6000
    """Readings that are sealed together in a closed segment whose batches are far smaller than `batch`. Where there are
    many things it takes more than are good for a batch that waits: a reading resembles the last one of its thing."""
    loose: int = 4
    """So many closed segments are left as they are: what is delivered soon is not written twice."""
    segment: int = 1 << 20
    """Bytes of the open segment at which it is closed."""
    group: int = 1 << 20
    """Bytes that are written before one sync."""
    keep: int = 0
    """Microseconds for which delivered readings are kept."""
    spoiled: int = 1 << 20
    """Bytes of what nobody can read, which is put aside."""


class BufferStatus(Struct, frozen=True, kw_only=True):
    """`bytes` of `limit` are used by `readings` in `segments`, the oldest taken in at `oldest` (0: there is none); at
    the pace of the last day the rest is enough for `hours` (None: nothing comes). `synced` is when the last readings
    became durable, `written` the bytes given to the disk since the start, `worn` since the device is there. `gaps`
    reports tell of `lost` readings; `thinned` are readings of segments that were thinned out, before that. `suspect`
    is the code of why nothing is taken any more ("": it is)."""

    bytes: int
    limit: int
    readings: int
    segments: int
    oldest: int
    synced: int
    hours: float | None
    written: int
    worn: int
    commits: int
    gaps: int
    lost: int
    thinned: int
    spoiled: int
    suspect: str = ""


class Sealing(Protocol):
    """The device's seal (`edge_node.seal`)."""

    def batch(self, batch: Batch) -> Sealed:
        """A batch sealed by the device."""

    def legend(self, legend: Legend) -> bytes:
        """A legend sealed by the device."""

    def opened(self, message: bytes) -> object:
        """What one of the device's own messages holds: a `Batch`, a `Legend` ... Raises
        `edge_node.errors.KeepingError` where it is none."""

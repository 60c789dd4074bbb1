"""What the room of data needs from the outside: readers of silos and sinks, implemented by one thin adapter each.

Readers are in `connector.data.sources`, sinks in `connector.data.sinks`; each kind is one file, found by name. Both
have one contract-test class in `tests/ports` that every adapter must pass. A source of bytes (a file) is
`connector.ports.Source`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from connector.data.queries.model import Budget, Event, Pushed, Selection, Shape, Split, Work
from connector.data.readings.shelf import Shelf
from connector.data.settings import Setting as Setting
from connector.ports import Clock, Peer
from connector.records import Silo
from policies.model import Reason


class Around(Struct, frozen=True, kw_only=True):
    """What an adapter is made with. `secret` reads what the settings refer to (`KEY_file`, `KEY_credential`) at the
    moment of use and raises `SourceError` `source.secret`; `closed` are directories that are never shared; `peer`
    speaks HTTP (the silo's network is private: `private=True`); below `kept` an adapter may keep what its silo forgets,
    a folder a silo (None: in memory alone). `readings` are those that devices have brought to this node, where it keeps
    any."""

    clock: Clock
    peer: Peer
    secret: Callable[[Mapping[str, Any], str], str]
    closed: tuple[Path, ...] = ()
    kept: Path | None = None
    readings: Shelf | None = None


class Reader(Protocol):
    """Reads silos of one kind in place. Holds what is open (pools, clients) by silo; `close` gives it back.

    All of them raise `SourceError` for a silo that does not do what it should: `source.unreachable`, `source.refused`
    (it does not let us in), `source.slow`, `source.broken` (an answer that nobody can read), `source.drift` (a field
    that was shared is not there any more), `source.budget`, `source.secret`, `source.package` (a library is not
    installed). Its parameters are for the operator; the peer learns `unavailable`.

    Everybody asks through `connector.data.silos.registry.Silos`, which sees to `Selection.where`: a reader need not
    look at it. The silo that it gets has no settings but the kind's own. INVARIANT: a silo with other settings is
    another one, also under the same name: nothing that is open for the one is used for the other.
    """

    kind: str
    settings: Sequence[Setting]

    def check(self, silo: Silo) -> Sequence[str]:
        """What is wrong with the settings, in plain sentences, without touching the silo; empty where nothing is."""

    async def collections(self, silo: Silo) -> Sequence[str]:
        """The names of what can be shared, at most 1,000, in their order."""

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """The shape of a collection, all its fields where the selection names none."""

    def split(self, silo: Silo, shape: Shape, work: Work) -> Split:
        """Who does which part. Pure. INVARIANT: the silo's part and then what is left give what `work` asks for; what
        cannot be pushed exactly is pushed as more rows and left as well. A silo that may ignore what it is told gets
        narrowed questions, and everything is left."""

    def read(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, budget: Budget
    ) -> AsyncGenerator[bytes, None]:
        """The rows in the shape's form, in pieces of at most 1 MiB, in the order of the key; with a heading where it is
        a table. Closing the generator stops the silo's work. Duplicates of a key that paging brings are left out."""

    def watch(
        self, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed, after: str
    ) -> AsyncGenerator[Event, None]:
        """Rows as they come, without end, beginning behind the watermark `after` as far as the silo remembers (""
        with what comes next). Only where the shape is `live`. `pushed.chain` is None here."""

    async def close(self) -> None:
        """Give back what is open."""


@runtime_checkable
class Concerned(Protocol):
    """A reader that can say more of a silo than whether it answers: that its account may write, for one."""

    async def concerns(self, silo: Silo) -> Sequence[Reason]:
        """What is not well although the silo can be read. Raises `SourceError`."""


class Batch(Struct, frozen=True):
    """Rows for a sink, one line of JSON each, and the watermark behind the last of them. `number` counts the batches of
    one subscription: the same number is the same batch."""

    number: int
    rows: tuple[bytes, ...]
    watermark: str


class Sink(Protocol):
    """Puts rows where their reader wants them, one adapter a kind. INVARIANT: the watermark is kept with the rows:
    after a crash each row of a batch is there once, or (`at_least_once`) the whole batch may be there again."""

    kind: str
    settings: Sequence[Setting]
    at_least_once: bool

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with the settings, in plain sentences."""

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """The last batch that is there for good (its rows may be left out), None before the first."""

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """Returns when the rows are there for good. Raises `SourceError` as a reader does, with nothing kept."""

    async def close(self) -> None:
        """Give back what is open."""

"""What is done to readings before they are stored: the duties that a policy puts on collection.

What lives here: the duties of each series, from the owner's policy file and from the node's orders together, and doing
them. What does not: the steps (`treating`, `windows`), range and duplicates (`intake`), what a contract demands when
readings leave (`decisions`). Source: ODRL Information Model 2.2, duties; actions as in `policies.transforms`.

Of the duties of a policy for collection every one counts, whichever rule it stands under. What each of them means here:

- suppress, replace, pseudonymise, coarsen, filter are done to each reading, and nothing of what it was is kept;
- aggregate holds readings in memory until their window has ended, and only then a row is stored. A source is answered
  when its readings are in their windows: held back, a broker would keep them as they were on the same disk. A window
  that is open survives the end of the process where the device has a place that is memory (`held`); a power cut loses
  it, because anything that survives one would be the very store that the duty forbids;
- delay is not about storing but about leaving: it is noted in `Series.done`, and no delivery, not even the one to the
  device's own node, takes a reading sooner (`decisions`);
- sign is done by the device's seal on every batch;
- anonymize and perturb need to know what was told before, which a device does not: they are refused.

INVARIANT: where one duty cannot be followed, nothing of the series is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from connector.data.readings.model import Field, Series
from edge_node.collection.held import Held
from edge_node.collection.treating import Columns, Given, Treatment
from edge_node.collection.windows import Key, Windows
from edge_node.config import SeriesSettings, fields_of
from edge_node.errors import DutyError
from policies.model import Policy, PolicyError, PolicyKind, Reason
from policies.parse import from_dsp
from policies.transforms import Chain, chain
from policies.transforms.said import chain_of
from policies.transforms.steps import Aggregate, Noise, Sign, Threshold

_KEY: Final = 32
_MOST_POLICY: Final = 1 << 20
_MOST_HELD: Final = 4 << 20
_KEPT: Final = "duties.key."
_OPEN: Final = ".open"


class Keeping(Protocol):
    """Small things that outlive the process, by name; see `edge_node.buffer`."""

    def get(self, name: str) -> bytes | None: ...

    async def put(self, name: str, value: bytes | None) -> None: ...


class Counts(Struct):
    """Readings since the process began: `unfit` ones could not be treated, `filtered` ones a duty leaves out, and
    `late` ones came when their window had been told."""

    unfit: int = 0
    filtered: int = 0
    late: int = 0


class Collection:
    """The duties of one series. `series` is what is stored of it: its fields afterwards, and what was done.

    Raises `PolicyError` where they cannot be followed: `duty.none` for policies without any, `duty.memory` for one that
    needs to know what was told before, `duty.long` for more than can be told with the readings.
    """

    def __init__(self, name: str, fields: tuple[Field, ...], policies: Sequence[Policy] = ()) -> None:
        self.counts = Counts()
        self.key = b""
        self._windows: Windows | None = None
        self._held: Held | None = None
        self._telling: list[Key] = []
        done = _chain(policies) if policies else None
        steps = done.steps if done is not None else ()
        self._treatment = Treatment([one for one in steps if not isinstance(one, (Aggregate, Sign))], fields)
        fields = self._treatment.fields
        if any(isinstance(one, Aggregate) for one in steps):
            self._windows = Windows(steps, fields)
            fields = self._windows.fields
        self.series = Series(name, fields, done.text if done is not None else "")

    @property
    def idle(self) -> bool:
        """Is there nothing to be done to any reading? Then `apply` gives back what it is given."""
        return self._windows is None and not self._treatment

    @property
    def needs_key(self) -> bool:
        """Are there pseudonyms to be made, with `key`?"""
        return self._treatment.needs_key

    @property
    def open(self) -> int:
        """Windows that are open."""
        return 0 if self._windows is None else len(self._windows.open)

    def apply(self, rows: Columns, now: int) -> Columns:
        """What is to be stored of readings that came, in columns as `series.fields` says; none of it is stored before
        by anybody. The readings of a series with windows are taken, and nothing is given back for them yet.

        Raises `DutyError` where the duties cannot be followed, `FullError` `windows.full`, `KeepingError`
        `windows.memory`; then nothing was taken.
        """
        count = len(rows.times)
        treated = self._treatment.run(rows, Given(now, self.key))
        self.counts.unfit += treated.unfit
        self.counts.filtered += count - treated.unfit - len(treated.rows.times)
        if self._windows is None:
            return treated.rows
        if treated.rows.times:
            self._into(self._windows, treated.rows, now)
        return Columns([], [], [[] for _ in self.series.fields])

    def _into(self, windows: Windows, rows: Columns, now: int) -> None:
        keys = windows.keys(rows)
        if self._held is not None:
            if self._held.size > _MOST_HELD:
                self._held.put(b"S" + windows.snapshot())
            self._held.add(b"R" + msgspec.msgpack.encode((now, rows)))
        windows.add(keys, rows, now)
        self.counts.late = windows.late

    def ended(self, now: int) -> Columns | None:
        """The rows of the windows that have ended by now, to be stored, and then `told`; None where none has."""
        self._telling = [] if self._windows is None else self._windows.ended(now)
        if self._windows is None or not self._telling:
            return None
        return self._windows.rows(self._telling)

    def told(self) -> None:
        """What `ended` gave is on disk. INVARIANT: until then it is given again."""
        if self._windows is None:
            return
        self._windows.close(self._telling)
        self._telling = []
        if self._held is not None:
            self._held.put(b"S" + self._windows.snapshot())

    def due(self) -> int | None:
        """When `ended` has something to give, at the earliest (microseconds UTC); None where nothing is open."""
        return None if self._windows is None else self._windows.due()

    def hold(self, held: Held) -> None:
        """Open windows outlive the process there from now on; those of the process before are open again."""
        if self._windows is None:
            return
        for frame in held.load():
            try:
                if frame[:1] == b"S":
                    self._windows.restore(frame[1:])
                else:
                    now, rows = msgspec.msgpack.decode(frame[1:], type=tuple[int, Columns])
                    self._windows.add(self._windows.keys(rows), rows, now)
            except (msgspec.DecodeError, ValueError, IndexError):
                break  # Nobody but this program writes there; what it cannot read is not its own.
        self._held = held


class _Refused(Collection):
    """Duties that cannot be followed: nothing is taken. `why` says what is wrong."""

    def __init__(self, name: str, why: Reason) -> None:
        super().__init__(name, ())
        self.why = why

    @property
    def idle(self) -> bool:
        return False

    def apply(self, rows: Columns, now: int) -> Columns:
        raise DutyError(self.why.code, **{**self.why.params, "series": self.series.name})


class Duties:
    """The duties of every series of a device. `memory` is a directory that is memory (None: there is none), `draw`
    draws keys.

    A series with other duties than before goes on as another `Series` under its name; windows that are open then are
    told as what they were.
    """

    def __init__(
        self,
        series: Mapping[str, SeriesSettings],
        directory: Path,
        *,
        kept: Keeping,
        draw: Callable[[int], bytes],
        memory: Path | None = None,
    ) -> None:
        self._settings, self._directory = series, directory
        self._kept, self._draw, self._memory = kept, draw, memory
        self._now: dict[str, Collection] = {}
        self._before: list[Collection] = []
        self._ordered: dict[str, bytes] = {}

    def of(self, name: str) -> Collection:
        """The duties of a series; `apply` of one whose duties cannot be followed raises. Only after `follow`."""
        return self._now[name]

    async def follow(self, ordered: Mapping[str, Mapping[str, Any]] | None) -> None:
        """Do what the owner's files and these policies of the node say from now on; called once at the start. None:
        nobody knows what the node has ordered, and nothing is stored."""
        if ordered is None:
            self._now = {name: _Refused(name, Reason("duty.unknown")) for name in self._settings}
            self._ordered.clear()
            return
        for name, settings in self._settings.items():
            document = ordered.get(name)
            said = msgspec.json.encode(document, order="deterministic")
            if self._ordered.get(name) == said and name in self._now:
                continue
            made = await self._made(name, settings, document)
            old = self._now.get(name)
            if old is not None and old.open:
                self._before.append(old)
            self._now[name], self._ordered[name] = made, said

    def ended(self, now: int) -> Iterator[tuple[Collection, Columns]]:
        """What is to be stored of windows that have ended, with whose `series` it is and who has to be `told`."""
        self._before = [one for one in self._before if one.open]
        for one in (*self._before, *self._now.values()):
            if (rows := one.ended(now)) is not None:
                yield one, rows

    def due(self) -> int | None:
        """When `ended` has something to give, at the earliest."""
        found = (one.due() for one in (*self._before, *self._now.values()))
        return min((at for at in found if at is not None), default=None)

    def trouble(self) -> Mapping[str, Reason]:
        """Why nothing of a series is stored."""
        return {name: one.why for name, one in self._now.items() if isinstance(one, _Refused)}

    async def _made(self, name: str, settings: SeriesSettings, document: Mapping[str, Any] | None) -> Collection:
        try:
            policies = []
            if settings.collection:
                policies.append(_read(self._directory / settings.collection))
            if document is not None:
                policies.append(from_dsp(document, PolicyKind.OFFER))
            made = Collection(name, fields_of(settings), policies)
        except PolicyError as error:
            return _Refused(name, error.reason)
        if made.needs_key:
            made.key = await self._key(name)
        if self._memory is not None:
            self._hold(made, self._memory)
        return made

    async def _key(self, name: str) -> bytes:
        """The key of a series, which never leaves the device."""
        found = self._kept.get(_KEPT + name)
        if found is None:
            found = self._draw(_KEY)
            await self._kept.put(_KEPT + name, found)
        return found

    def _hold(self, made: Collection, memory: Path) -> None:
        name = made.series.name
        mark = hashlib.sha256(msgspec.json.encode(made.series)).hexdigest()[:16]
        path = memory / f"{name}.{mark}{_OPEN}"
        if name not in self._now:
            # Windows under duties that are not followed any more: nobody could say what is in them.
            for other in memory.glob(f"{name}.*{_OPEN}"):
                if other != path:
                    other.unlink(missing_ok=True)
        made.hold(Held(path))


def _chain(policies: Sequence[Policy]) -> Chain:
    """The steps of policies for collection. Raises `PolicyError`."""
    done = chain(*policies)
    if done is None:
        raise PolicyError(Reason("duty.none"))
    for step in done.steps:
        if isinstance(step, (Threshold, Noise)):
            raise PolicyError(Reason("duty.memory", {"step": str(step.__struct_config__.tag)}))
    # What a reader cannot be told he cannot rely on, and this device could not either when readings leave.
    if chain_of(done.text) != done:
        raise PolicyError(Reason("duty.long"))
    return done


def _read(path: Path) -> Policy:
    """The policy in a file of the owner. Raises `PolicyError`, `duty.file` where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_POLICY)
        document = msgspec.json.decode(data, type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        raise PolicyError(Reason("duty.file", {"file": path.name})) from None
    return from_dsp(document, PolicyKind.OFFER)

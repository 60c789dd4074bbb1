"""Sources of kind `mqtt`: what a broker has (MQTT 3.1.1 and 5.0, OASIS), with QoS 1.

What lives here: subscribing, coming back, what is asked for. What does not: the connection (`connector.data.broker`),
acknowledging in order and telling copies (`passing`), what messages say (`feeding`, `edge_node.decode`).

The broker keeps our session, so that it keeps messages of QoS 1 while we are away, as many as it is set up to keep.
INVARIANT: a message of QoS 1 is acknowledged when its readings are on disk, and not before; acknowledgements leave in
the order in which messages came (5.0: 4.6). A copy that comes because an acknowledgement was lost is told by its packet
and content, and acknowledged again. Retained messages are taken where they say when they were measured. How many
messages are under way is bounded: a broker of version 5 is told how many (`in_flight`).
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from connector.data import broker, topics
from connector.data.broker import Bounds, Session
from connector.data.silos import secrets as secret_files
from connector.errors import SourceError
from edge_node.decode.found import Problem
from edge_node.errors import EdgeError, FullError
from edge_node.ports import Taking
from edge_node.sources import Place, form_settings
from edge_node.sources.feeding import Feed, Message
from edge_node.sources.passing import Passing, Taken

LARGEST: Final = 1 << 17
"""Bytes of a message; a larger one is put aside. A broker of version 5 is told not to send it at all: what may be in
memory is this, as often as messages may be under way."""
_WAITING: Final = 2000
_WAITING_BYTES: Final = 2 << 20
_REMEMBERED: Final = 4000
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

Connect = Callable[..., AbstractAsyncContextManager[Session]]


class MqttSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`topics` are patterns (`v3/{app}/devices/{device}/up`), whose names are levels for the format. `in_flight` is how
    many messages a broker of version 5 may send before the first of them is acknowledged. `decode` are the settings of
    the format, `decode_file` a TOML file with more of them."""

    host: str
    topics: Annotated[tuple[str, ...], Meta(min_length=1, max_length=64)]
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    tls: bool = False
    ca: str = ""
    user: str = ""
    password_file: str = ""
    password_credential: str = ""
    client_id: str = ""
    version: Literal["3.1.1", "5"] = "5"
    in_flight: Annotated[int, Meta(ge=1, le=65535)] = 500
    format: str = "readings"
    decode: dict[str, Any] = {}
    decode_file: str = ""


class _Known(Struct):
    """What is remembered of us at the broker: our name, and what it was asked for."""

    client: str
    filters: tuple[str, ...] = ()


def open_source(place: Place) -> MqttSource:
    """See `sources.KINDS`."""
    settings = place.read(MqttSettings)
    if not settings.host:
        raise place.wrong("host", "is empty")
    patterns = []
    for text in settings.topics:
        try:
            patterns.append(topics.read(text))
        except ValueError:
            raise place.wrong("topics", f"{text} is no pattern of topics") from None
    feed = Feed(place, settings.format, form_settings(place, settings.decode, settings.decode_file))
    return MqttSource(place, settings, patterns, feed)


class MqttSource:
    """See `ports.Source`. `connect` opens a session, `draw` makes a name, `sleep` waits."""

    kind = "mqtt"

    def __init__(
        self,
        place: Place,
        settings: MqttSettings,
        patterns: Sequence[topics.Pattern],
        feed: Feed,
        *,
        connect: Connect = broker.session,
        draw: Callable[[], str] = lambda: secrets.token_hex(8),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = place.name
        self._place, self._settings, self._patterns, self._feed = place, settings, patterns, feed
        self._connect, self._draw, self._sleep = connect, draw, sleep
        self._taken = Taken(max(_REMEMBERED, 2 * settings.in_flight))
        self._lost = 0
        self._trouble, self._waits = "source.unreachable", ""

    def trouble(self) -> str:
        """As the port says."""
        return self._trouble or self._waits

    async def run(self, taking: Taking) -> None:
        """As the port says."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._hold(taking)
            except SourceError as error:
                pause = _FIRST_PAUSE if not self._trouble else min(pause * 2, _LONGEST_PAUSE)
                self._trouble = error.reason.code
            except EdgeError as error:
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._trouble = error.code
            await self._sleep(pause)

    async def _hold(self, taking: Taking) -> None:
        """One connection, from its beginning to its end."""
        known = await asyncio.to_thread(self._known)
        wanted = sorted(topics.least(one for pattern in self._patterns for one in pattern.filters({})))
        bounds = Bounds(_WAITING, _WAITING_BYTES, self._settings.in_flight, LARGEST + 1024)
        async with self._connect(self._broker(), self._secret(), known.client, keep=True, bounds=bounds) as session:
            await session.unsubscribe(sorted(set(known.filters) - set(wanted)))
            await session.subscribe(wanted, retained_once=True)
            if tuple(wanted) != known.filters:
                await asyncio.to_thread(self._remember, _Known(known.client, tuple(wanted)))
            self._trouble, self._lost = "", 0
            await Passing(session, self._taken, lambda messages: self._keep(taking, session, messages)).run()

    async def _keep(self, taking: Taking, session: Session, messages: Sequence[broker.Message]) -> None:
        """Returns when they are on disk."""
        read = [message for one in messages if (message := self._message(one)) is not None]
        await self._feed.keep(taking, read, self._full)
        self._waits = ""
        lost, self._lost = session.lost - self._lost, session.lost
        aside = [Problem("mqtt.lost", {"count": str(lost)}, b"")] if lost else []
        aside += [
            Problem("decode.large", {"most": str(LARGEST)}, one.payload)
            for one in messages
            if len(one.payload) > LARGEST
        ]
        await self._feed.put_aside(taking, aside)

    def _message(self, came: broker.Message) -> Message | None:
        """None for what is no message of ours: too large, an emptied topic, or one that nobody asks for any more."""
        if len(came.payload) > LARGEST or (came.retained and not came.payload):
            return None
        for pattern in self._patterns:
            if (levels := pattern.values(came.topic)) is not None:
                return Message(came.payload, levels, came.retained)
        return None

    async def _full(self, attempt: int, error: FullError) -> None:
        """There is no room: the broker waits with us, because nothing is acknowledged."""
        self._waits = error.code
        await self._sleep(min(2.0**attempt, _LONGEST_PAUSE))

    def _broker(self) -> dict[str, Any]:
        """The settings of the connection, with whole paths."""
        made: dict[str, Any] = msgspec.structs.asdict(self._settings)
        for name in ("ca", "password_file"):
            made[name] = str(self._place.path(made[name])) if made[name] else ""
        return {name: value for name, value in made.items() if value}

    @staticmethod
    def _secret() -> broker.Secret:
        laid_out = os.environ.get("CREDENTIALS_DIRECTORY")
        return secret_files.reading(Path(laid_out) if laid_out else None)

    def _known(self) -> _Known:
        """What was written down of us; a new name where nothing was."""
        try:
            known = msgspec.json.decode(self._file().read_bytes(), type=_Known)
        except (OSError, msgspec.DecodeError):
            known = _Known(f"allmende-{self._draw()[:14]}")
            self._remember(known)
        return _Known(self._settings.client_id, known.filters) if self._settings.client_id else known

    def _remember(self, known: _Known) -> None:
        """Written whole or not at all. Raises `SourceError` `source.directory`."""
        file = self._file()
        draft = file.with_suffix(".draft")
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            with draft.open("wb") as output:
                output.write(msgspec.json.encode(known))
                output.flush()
                os.fsync(output.fileno())
            draft.replace(file)
        except OSError:
            raise SourceError("source.directory") from None

    def _file(self) -> Path:
        return self._place.path("sources") / f"{self.name}.json"

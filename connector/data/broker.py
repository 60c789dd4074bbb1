"""A broker of MQTT (versions 3.1.1 and 5.0, OASIS), for the source and the sink of that kind.

What lives here: the settings of a connection, the connection itself, errors as codes, topics. What does not: rows. The
library is imported when the first connection is made. A message of QoS 1 is acknowledged by whoever has taken it
(`Session.acknowledge`), never by the library.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from connector.data.settings import Setting
from connector.errors import SourceError

if TYPE_CHECKING:
    import aiomqtt

_PATIENCE: Final = 10.0
"""Seconds that a broker has for an answer."""
_WEEK: Final = 7 * 86_400
"""Seconds that a broker of version 5 is asked to keep a session for."""
_FIVE: Final = 5
_NEW: Final = 1
"""Retain handling: only where there was no such subscription (5.0: 3.8.3.1)."""
_AGAIN: Final[Any] = object()
_REFUSED: Final = frozenset({4, 5, 134, 135})
"""Return codes of CONNACK: bad credentials, not authorised (3.1.1: 3.2.2.3; 5.0: 3.2.2.2)."""

Secret = Callable[[Mapping[str, Any], str], str]

SETTINGS: Final = (
    Setting("host", "Name or address of the broker.", "Name oder Adresse des Brokers.", needed=True),
    Setting("port", "Its port.", "Sein Port.", example="1883"),
    Setting("tls", "Speak TLS (true or false).", "TLS sprechen (true oder false).", example="true"),
    Setting("ca", "File with the authorities to believe.", "Datei mit den Ausstellern, denen geglaubt wird."),
    Setting("user", "User name.", "Benutzername."),
    Setting("password_file", "File with its password.", "Datei mit dem Kennwort.", secret=True),
    Setting("client_id", "Name of this client.", "Name dieses Clients."),
    Setting("version", "3.1.1 or 5.", "3.1.1 oder 5.", example="5"),
)


class Bounds(Struct, frozen=True):
    """What may wait here. `waiting` messages and `bytes` of QoS 0 are queued, more of them are lost (`Session.lost`).
    Of QoS 1 nothing is: a broker sends no more than it may have unacknowledged, which one of version 5 is told to be
    `in_flight` (0: as it likes), and no message larger than `largest` (0: as it likes)."""

    waiting: int = 20_000
    bytes: int = 64 << 20
    in_flight: int = 0
    largest: int = 0


class Message(Struct, frozen=True):
    """One message as it came. `again`: the broker says that it may have sent it before."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    packet: int
    again: bool = False


class Session:
    """An open connection. Everything raises `SourceError` where the broker is gone."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._messages = client.messages

    @property
    def lost(self) -> int:
        """How many messages of QoS 0 came faster than they were taken."""
        return int(self._client._queue.lost)  # type: ignore[attr-defined]

    async def subscribe(self, filters: Sequence[str], *, retained_once: bool = False) -> None:
        """QoS 1. `retained_once`: a broker of version 5 sends retained messages for what is asked for the first time in
        this session, and not with every connection. Raises `source.refused` where it grants one of them not."""
        wanted: Any = [(one, 1) for one in filters]
        if retained_once and self._client._client.protocol == _FIVE:
            from paho.mqtt.subscribeoptions import SubscribeOptions

            wanted = [(one, SubscribeOptions(qos=1, retainHandling=_NEW)) for one in filters]
        granted = await self._client.subscribe(wanted)
        codes = [one if isinstance(one, int) else one.value for one in granted]
        if any(code >= 0x80 for code in codes):
            raise SourceError("source.refused", collection=filters[0])

    async def unsubscribe(self, filters: Sequence[str]) -> None:
        """Want these no more."""
        if filters:
            await self._client.unsubscribe(list(filters))

    async def take(self, most: int) -> list[Message]:
        """What has come, at least one message."""
        taken = [await anext(self._messages)]
        while len(taken) < most and len(self._messages):
            taken.append(self._client._queue.get_nowait())
        return [
            Message(str(one.topic), one.payload, one.qos, one.retain, one.mid, again=one.properties is _AGAIN)
            for one in taken
        ]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """They are taken: the broker may forget them."""
        for one in messages:
            if one.qos:
                self._client._client.ack(one.packet, one.qos)  # the library has no name of its own for this

    async def publish(self, topic: str, payload: bytes) -> None:
        """Returns when the broker has acknowledged it (QoS 1)."""
        await self._client.publish(topic, payload, qos=1)


class _Queue(asyncio.Queue[Any]):
    """Messages that wait to be taken; see `Bounds`."""

    def __init__(self, bounds: Bounds, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self.bounds = bounds
        self.lost = self.bytes = 0

    def put_nowait(self, item: Any) -> None:
        if not item.qos and (self.qsize() >= self.bounds.waiting or self.bytes >= self.bounds.bytes):
            self.lost += 1
            return
        self.bytes += len(item.payload)
        super().put_nowait(item)

    def get_nowait(self) -> Any:
        item = super().get_nowait()
        self.bytes -= len(item.payload)
        return item


def _mark(client: Any) -> None:
    """Let messages say that they may have been sent before, which the library leaves out: in a place of its own that
    nobody reads."""
    inner = client.on_message

    def noted(paho: Any, userdata: Any, message: Any) -> None:
        message.properties = _AGAIN if message.dup else None
        inner(paho, userdata, message)

    client.on_message = noted


@asynccontextmanager
async def session(
    settings: Mapping[str, Any], secret: Secret, identifier: str, *, keep: bool, bounds: Bounds | None = None
) -> AsyncIterator[Session]:
    """A connection for a while; with `keep` the broker keeps subscriptions and messages of QoS 1 while it is broken.

    Raises `SourceError`: `source.package`, `source.secret`, `source.refused`, `source.unreachable`, also for whatever
    is done with it.
    """
    try:
        import aiomqtt
        from aiomqtt.exceptions import MqttConnectError
    except ImportError:
        raise SourceError("source.package", package="allmende[mqtt]") from None
    try:
        client = _client(aiomqtt, settings, secret, identifier, keep, bounds or Bounds())
        client._client.manual_ack_set(True)
        _mark(client._client)
        async with client:
            yield Session(client)
    except MqttConnectError as error:
        code = error.rc if isinstance(error.rc, int) else getattr(error.rc, "value", 0)
        raise SourceError("source.refused" if code in _REFUSED else "source.unreachable") from None
    except (aiomqtt.MqttError, OSError):
        raise SourceError("source.unreachable") from None


def _client(
    aiomqtt: Any, settings: Mapping[str, Any], secret: Secret, identifier: str, keep: bool, bounds: Bounds
) -> Any:
    five = str(settings.get("version", "3.1.1")).startswith("5")
    # It warns of every publish above ten that waits, and of what a flood does to its queue.
    quiet = logging.getLogger("connector.data.broker")
    quiet.setLevel(logging.CRITICAL)
    user = settings.get("user")
    has_password = any(f"password_{form}" in settings for form in ("file", "credential"))
    more: dict[str, Any] = {}
    if five:
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        more["properties"] = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        more["properties"].SessionExpiryInterval = _WEEK if keep else 0
        if bounds.in_flight:
            more["properties"].ReceiveMaximum = bounds.in_flight
        if bounds.largest:
            more["properties"].MaximumPacketSize = bounds.largest
        more["clean_start"] = not keep
    else:
        more["clean_session"] = not keep
    return aiomqtt.Client(
        str(settings["host"]),
        port(settings),
        username=str(user) if user else None,
        password=secret(settings, "password") if has_password else None,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        queue_type=partial(_Queue, bounds),
        tls_context=_tls(settings) if true(settings.get("tls")) else None,
        timeout=_PATIENCE,
        keepalive=30,
        logger=quiet,
        **more,
    )


def _tls(settings: Mapping[str, Any]) -> ssl.SSLContext:
    ca = settings.get("ca")
    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except (OSError, ssl.SSLError):
        raise SourceError("source.secret", setting="ca") from None


def port(settings: Mapping[str, Any]) -> int:
    """The port of a broker; that of plain MQTT or of MQTT over TLS where none is named."""
    return int(settings.get("port") or (8883 if true(settings.get("tls")) else 1883))


def true(value: Any) -> bool:
    """Is a setting switched on, whether it was read as a text or not?"""
    return value is True or str(value).lower() == "true"


def wrong(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings, in plain sentences."""
    found = [] if settings.get("host") else ["host: is missing"]
    if not str(settings.get("port", "1")).isdecimal() or not 0 < int(settings.get("port", 1)) < 65536:
        found.append("port: is no port")
    if str(settings.get("version", "5")) not in ("3.1.1", "5", "5.0"):
        found.append("version: is neither 3.1.1 nor 5")
    if "password" in settings:
        found.append("password: name a file with password_file, or a credential with password_credential")
    if (ca := settings.get("ca")) and not Path(str(ca)).is_absolute():
        found.append("ca: the path must be absolute")
    return found

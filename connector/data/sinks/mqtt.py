"""Rows as messages of MQTT, QoS 1: each is there at least once.

What lives here: topics out of rows, and publishing. What does not: the connection (`connector.data.broker`). Together
with a source of kind `mqtt` at the other end this is a bridge between two brokers, under a contract.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from connector.data import broker
from connector.data.ports import Around, Batch, Setting
from connector.data.sources import topics
from connector.errors import SourceError

_IN_FLIGHT: Final = 50
_FIELD: Final = re.compile(r"\{([^{}]+)\}")
_UNSAID: Final = re.compile(r"[+#]")
_UNSAYABLE: Final = re.compile(r"[/+#\x00-\x1f\x7f-\x9f\ufdd0-\ufdef]")
"""What has a meaning in a topic, and what brokers end the connection for (MQTT 3.1.1, 1.5.3)."""
_LONGEST_LEVEL: Final = 200


class MqttSink:
    """See `ports.Sink`. `connect` opens a session."""

    kind = "mqtt"
    at_least_once = True
    settings: Sequence[Setting] = (
        Setting(
            "url",
            "Broker and topic, with fields of the row as levels.",
            "Broker und Topic, mit Feldern der Zeile als Ebenen.",
            needed=True,
            example="mqtt://broker:1883/city/{district}/{device}",
        ),
        *(one for one in broker.SETTINGS if one.name not in ("host", "port", "tls")),
    )

    def __init__(self, around: Around, *, connect: Any = broker.session) -> None:
        self._secret, self._connect = around.secret, connect

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        known = {one.name for one in self.settings} | {"password_credential"}
        wrong = [f"{name}: unknown setting" for name in sorted(settings.keys() - known)]
        try:
            found = _settings(settings)
            topics.read(_UNSAID.sub("{", _FIELD.sub("x", found["topic"])))
        except ValueError:
            return [*wrong, "url: is not like mqtt://HOST:PORT/TOPIC, the topic without + and #"]
        return [*wrong, *broker.wrong(found)]

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """A broker does not know what was said to it."""
        return None

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """As the port says: in the order of the rows, so that the last of a topic is the newest."""
        found = _settings(settings)
        name = f"allmende-{''.join(sign for sign in subscription if sign.isalnum())[-14:]}"
        opening: AbstractAsyncContextManager[broker.Session] = self._connect(found, self._secret, name, keep=False)
        async with opening as session:
            for start in range(0, len(batch.rows), _IN_FLIGHT):
                await asyncio.gather(
                    *(
                        session.publish(_topic(found["topic"], row), row)
                        for row in batch.rows[start : start + _IN_FLIGHT]
                    )
                )

    async def close(self) -> None:
        """As the port says; nothing stays open."""


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """With what stands in the URL. Raises `ValueError`."""
    url = str(settings.get("url") or "")
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.username or parts.query or "#" in url:
        raise ValueError("no URL of a broker")
    more = {name: value for name, value in settings.items() if name != "url"}
    tls = parts.scheme == "mqtts"
    port = {} if parts.port is None else {"port": str(parts.port)}
    return {**more, "host": parts.hostname, **port, "tls": tls, "topic": unquote(parts.path.removeprefix("/"))}


def _topic(template: str, row: bytes) -> str:
    """The topic of a row. What no level can hold is an underscore in it. Raises `SourceError`."""
    found = msgspec.json.decode(row)
    if not isinstance(found, dict):
        raise SourceError("sink.row")

    def level(match: re.Match[str]) -> str:
        value = found.get(match[1])
        text = value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
        return "".join(map(_sayable, _UNSAYABLE.sub("_", text[:_LONGEST_LEVEL]))) or "_"

    made = _FIELD.sub(level, template)
    # Topics that begin so are the broker's own (4.7.2).
    return f"_{made[1:]}" if made.startswith("$") and not template.startswith("$") else made


def _sayable(sign: str) -> str:
    """A sign, but for those that are none in any plane of Unicode."""
    return "_" if ord(sign) & 0xFFFE == 0xFFFE else sign

"""Rows to an address over HTTP: a POST a batch, there at least once.

What lives here: the request. What does not: trying again (`subscribing`). Whoever takes batches can tell one that comes
again by its `Idempotency-Key`: the same key is the same content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from connector.data.ports import Around, Batch, Setting
from connector.errors import DeliveryError, SourceError

_DEADLINE: Final = 60.0
_TYPES: Final = {"ndjson": "application/x-ndjson", "json": "application/json"}


class HttpSink:
    """See `ports.Sink`."""

    kind = "http"
    at_least_once = True
    settings: Sequence[Setting] = (
        Setting("url", "Where to POST.", "Wohin gesendet wird (POST).", needed=True, example="https://host/rows"),
        Setting("format", "ndjson or json (an array).", "ndjson oder json (eine Liste).", example="json"),
        Setting("token_file", "File with a bearer token to send.", "Datei mit einem Bearer-Token.", secret=True),
    )

    def __init__(self, around: Around) -> None:
        self._peer, self._secret = around.peer, around.secret

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says."""
        known = {one.name for one in self.settings} | {"token_credential"}
        wrong = [f"{name}: unknown setting" for name in sorted(settings.keys() - known)]
        parts = urlsplit(str(settings.get("url") or ""))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
            wrong.append("url: is no address over http or https")
        if settings.get("format", "ndjson") not in _TYPES:
            wrong.append("format: is neither ndjson nor json")
        return wrong

    async def position(self, settings: Mapping[str, Any], subscription: str) -> Batch | None:
        """Who takes them is not asked."""
        return None

    async def write(self, settings: Mapping[str, Any], subscription: str, batch: Batch) -> None:
        """As the port says. Any 2xx is a receipt."""
        if not batch.rows:
            return
        form = str(settings.get("format", "ndjson"))
        body = b"[" + b",".join(batch.rows) + b"]" if form == "json" else b"".join(row + b"\n" for row in batch.rows)
        key = f"{subscription}-{batch.number}-{hashlib.sha256(body).hexdigest()[:16]}"
        try:
            reply = await self._peer.send(
                "POST",
                str(settings["url"]),
                authorization=self._authorization(settings),
                body=body,
                private=True,
                deadline=_DEADLINE,
                fields={"Content-Type": _TYPES[form], "Idempotency-Key": f'"{key}"'},
            )
        except DeliveryError as error:
            raise SourceError("sink.unreachable", cause=error.reason.code) from None
        if not 200 <= reply.status < 300:
            raise SourceError("sink.status", status=str(reply.status))

    async def close(self) -> None:
        """As the port says; nothing stays open."""

    def _authorization(self, settings: Mapping[str, Any]) -> str | None:
        named = "token_file" in settings or "token_credential" in settings
        return f"Bearer {self._secret(settings, 'token')}" if named else None

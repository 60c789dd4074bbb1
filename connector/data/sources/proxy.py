"""What another web server of the house serves, passed on byte for byte (`proxy`).

What lives here: one address as one content: its size, tag and ranges are those of the server behind. What does not:
rows of a web service (`httpjson`), speaking HTTP (the Peer port), which addresses may be reached (`http.addresses`).
Source: RFC 9110 (8.8 validators, 13 conditions, 14 ranges).

Settings: `url`, and `token_file` or `token_credential` where the server wants a bearer token. Each access asks for the
head first and then for the bytes of just that version (`If-Match`), so that two versions are never mixed; a server that
tells neither a tag nor a date is taken as one whose every answer is new, and is given out whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.data.silos import secrets
from connector.data.silos.secrets import Secret
from connector.errors import DeliveryError, SourceError, UnknownError
from connector.ports import Clock, Content, Peer, Stream
from connector.records import Asset

_SETTINGS = frozenset({"url", "token_file", "token_credential"})
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_PIECE = 1 << 20
_WAYS = {"peer.timeout": "source.slow", "peer.answer_broken": "source.broken", "peer.address_refused": "source.address"}


class ProxySource:
    """Addresses of one's own network. `secret` reads what settings refer to. Without `peer` it can only check."""

    kind = "proxy"

    def __init__(
        self,
        *,
        clock: Clock,
        peer: Peer | None = None,
        secret: Secret | None = None,
        closed: Sequence[Path] = (),
    ) -> None:
        self._clock, self._peer, self._secret = clock, peer, secret

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says; the server is not asked."""
        if unknown := sorted(set(settings) - _SETTINGS):
            return [f"{name}: unknown setting" for name in unknown]
        url = settings.get("url")
        try:
            parts = urlsplit(url if isinstance(url, str) else "")
            parts.port  # noqa: B018 - raises ValueError where it is no number
        except ValueError:
            return ["url: an absolute http or https address is needed"]
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            return ["url: an absolute http or https address is needed"]
        if "@" in parts.netloc:
            return ["url: no user and no password; name a file with token_file"]
        if "token_file" in settings and "token_credential" in settings:
            return ["token_file, token_credential: one of the two"]
        return []

    async def open(self, asset: Asset, path: str) -> Content:
        """As the port says; an address has no members."""
        if path:
            raise UnknownError("data.unknown")
        settings = asset.settings
        head = await self._asked(settings, "HEAD", {})
        fields = {name.lower(): value for name, value in head.headers.items()}
        await head.close()
        length, validator = fields.get("content-length", ""), _validator(fields)
        size = int(length) if validator and _LENGTH.fullmatch(length) else None
        return Content(
            media_type=asset.media_type,
            etag=_etag(settings["url"], validator, size, self._clock.now()),
            chunks=partial(self._pieces, settings, validator, size),
            size=size,
        )

    async def _pieces(
        self,
        settings: Mapping[str, Any],
        validator: tuple[str, str] | None,
        size: int | None,
        start: int,
        stop: int | None,
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of the version whose head was seen. Raises `SourceError`."""
        headers = dict([validator]) if validator else {}
        whole = start == 0 and stop in (None, size)
        if not whole:
            headers["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        stream = await self._asked(settings, "GET", headers)
        # A server that knows no ranges sends the whole again.
        at = 0 if stream.status == 200 else start
        try:
            async for piece in stream.chunks():
                wanted = piece[max(0, start - at) : None if stop is None else max(0, stop - at)]
                at += len(piece)
                for begin in range(0, len(wanted), _PIECE):
                    yield wanted if len(wanted) <= _PIECE else wanted[begin : begin + _PIECE]
                if stop is not None and at >= stop:
                    return
        except DeliveryError as error:
            raise _trouble(error) from None
        finally:
            await stream.close()

    async def _asked(self, settings: Mapping[str, Any], method: str, more: Mapping[str, str]) -> Stream:
        """An answer that can be used. Raises `SourceError`."""
        if self._peer is None or self._secret is None:
            raise SourceError("source.unreachable")
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **more}
        if secrets.refers(settings, "token"):
            headers["Authorization"] = f"Bearer {self._secret(settings, 'token')}"
        try:
            stream = await self._peer.open(settings["url"], headers=headers, private=True, method=method)
        except DeliveryError as error:
            raise _trouble(error) from None
        if stream.status == 200 or (stream.status == 206 and "Range" in more):
            return stream
        await stream.close()
        if stream.status == 412:
            raise SourceError("data.changed")
        code = "source.refused" if stream.status in (401, 403) else "source.broken"
        raise SourceError(code, problem=f"HTTP {stream.status}")


def _validator(fields: Mapping[str, str]) -> tuple[str, str] | None:
    """The condition that names the version whose head this is; None where the server does not tell versions."""
    etag = fields.get("etag", "")
    if etag and not etag.startswith("W/"):
        return "If-Match", etag
    changed = fields.get("last-modified", "")
    return ("If-Unmodified-Since", changed) if changed else None


def _etag(url: str, validator: tuple[str, str] | None, size: int | None, now: int) -> str:
    told = f"{url} {validator} {size}" if validator else f"{url} {now}"
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def _trouble(error: DeliveryError) -> SourceError:
    return SourceError(_WAYS.get(error.reason.code, "source.unreachable"))

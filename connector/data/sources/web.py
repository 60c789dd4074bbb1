"""A silo's web service: questions over HTTP, with its login, its pauses, and a bound on every answer.

What lives here: settings that all web services have, one GET and its errors, links that stay where the operator has
pointed. What does not: what is asked and what answers mean (the readers), connections and addresses (the Peer port).
Source: RFC 9110 (10.2.3 Retry-After, 15 status codes), RFC 7617 (Basic), RFC 6750 (Bearer).

INVARIANT: nobody but the silo's own origin is ever asked, whatever it links to, and so nobody else sees its login.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from connector.data.ports import Around, Setting
from connector.data.silos import secrets
from connector.errors import DeliveryError, SourceError
from connector.ports import Stream
from connector.records import Silo

URL: Final = Setting(
    "url", "Address of the service.", "Adresse des Dienstes.", needed=True, example="https://geo.city/"
)
LOGIN: Final[Sequence[Setting]] = (
    Setting("user", "User name (HTTP Basic).", "Benutzername (HTTP Basic)."),
    Setting("password_file", "File with the user's password.", "Datei mit dem Kennwort des Benutzers.", secret=True),
    Setting(
        "password_credential",
        "Credential of systemd with the user's password.",
        "Credential von systemd mit dem Kennwort des Benutzers.",
        secret=True,
    ),
    Setting("token_file", "File with a bearer token.", "Datei mit einem Bearer-Token.", secret=True),
    Setting(
        "token_credential",
        "Credential of systemd with a bearer token.",
        "Credential von systemd mit einem Bearer-Token.",
        secret=True,
    ),
)
DOCUMENT: Final = 16 << 20
"""Bytes of a document about the service."""
PAGE: Final = 64 << 20
"""Bytes of a page of rows."""
PATIENCE: Final = 20.0
"""Seconds that a silo may ask us to wait, all pauses of one question together; less than it may say nothing."""
_SIGNS: Final = "/?:@!$&'()*+,;=%"
"""What stays as it is in a link: what is escaped already, and what has a meaning. Some services escape nothing."""
_TRIES: Final = 5
_CODES: Final = {
    "peer.timeout": "source.slow",
    "peer.answer_broken": "source.broken",
    "peer.answer_too_large": "source.broken",
    "peer.address_refused": "source.address",
    "peer.url": "source.address",
}


def check(silo: Silo, settings: Sequence[Setting]) -> list[str]:
    """What is wrong with a web service's settings, in plain sentences."""
    known = {one.name for one in settings}
    found = [f"{name}: unknown setting" for name in sorted(silo.settings.keys() - known)]
    found += [f"{one.name}: is needed" for one in settings if one.needed and not silo.settings.get(one.name)]
    parts = urlsplit(str(silo.settings.get("url", "https://x")))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.fragment:
        found.append("url: must be an http or https address without a login in it")
    if bool(silo.settings.get("user")) != secrets.refers(silo.settings, "password"):
        found.append("user: needs password_file or password_credential, and they need it")
    if silo.settings.get("user") and secrets.refers(silo.settings, "token"):
        found.append("user: not together with a token")
    return found


def number(silo: Silo, name: str, default: int) -> int:
    """A whole number above 0 of the settings. Raises `ValueError`."""
    text = str(silo.settings.get(name, default))
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 1_000_000:
        raise ValueError(f"{name}: must be a whole number above 0")
    return int(text)


class Answer(Struct, frozen=True):
    """What a service has said; header fields by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Web:
    """One silo's service."""

    def __init__(self, around: Around, silo: Silo) -> None:
        self._around, self._silo = around, silo
        self.url = str(silo.settings["url"])

    def here(self, link: str, base: str = "") -> str:
        """Where a link leads on this service: behind a reverse proxy many call themselves by another name, so the
        path and the query of a link count, and never its origin."""
        own, found = urlsplit(self.url), urlsplit(urljoin(base or self.url, link))
        path, query = (quote(part, safe=_SIGNS) for part in (found.path, found.query))
        return urlunsplit((own.scheme, own.netloc, path, query, ""))

    def under(self, *parts: str) -> str:
        """A path below the service's address, each part of it escaped."""
        own = urlsplit(self.url)
        path = "/".join((own.path.rstrip("/"), *(quote(part, safe="") for part in parts)))
        return urlunsplit((own.scheme, own.netloc, path, "", ""))

    async def json(self, url: str, *, accept: str = "application/json", most: int = DOCUMENT) -> Any:
        """What it says there, read. Raises `SourceError`."""
        body = await self.get(url, accept=accept, most=most)
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise self.broken("no JSON where some should be") from None

    async def get(self, url: str, *, accept: str, most: int = DOCUMENT) -> bytes:
        """The body of what it says there, whole. Raises as `answer`."""
        return (await self.answer(url, accept=accept, most=most)).body

    async def answer(self, url: str, *, accept: str, most: int = DOCUMENT, known: Mapping[str, str] = {}) -> Answer:
        """What it says there, whole; asks again after a pause where the silo asks for one. `known` are header fields
        that name what is here already: then the answer may be 304, without a body.

        Raises `SourceError`: `source.slow` where it asks for a longer pause than anybody waits for, `source.refused`,
        `source.drift` where nothing is there, `source.broken`, `source.unreachable`.
        """
        waited = 0.0
        for attempt in range(_TRIES):
            stream = await self._open(url, {"Accept": accept, **known})
            try:
                if stream.status == 200 or (stream.status == 304 and known):
                    return Answer(stream.status, stream.headers, await self._whole(stream, most))
                pause = self._pause(stream, attempt)
            finally:
                await stream.close()
            waited += pause
            if waited > PATIENCE:
                break
            await self._around.clock.sleep(pause)
        raise SourceError("source.slow", silo=self._silo.id, problem="it asks for a pause")

    async def _open(self, url: str, fields: Mapping[str, str]) -> Stream:
        try:
            return await self._around.peer.open(url, headers={**fields, **self._login()}, private=True)
        except DeliveryError as error:
            raise self._undelivered(error) from error

    async def _whole(self, stream: Stream, most: int) -> bytes:
        body = bytearray()
        try:
            async for piece in stream.chunks():
                body += piece
                if len(body) > most:
                    raise self.broken(f"an answer of more than {most >> 20} MiB")
        except DeliveryError as error:
            raise self._undelivered(error) from error
        return bytes(body)

    def _login(self) -> Mapping[str, str]:
        settings = self._silo.settings
        if settings.get("user"):
            pair = f"{settings['user']}:{self._around.secret(settings, 'password')}"
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        if secrets.refers(settings, "token"):
            return {"Authorization": "Bearer " + self._around.secret(settings, "token")}
        return {}

    def _pause(self, stream: Stream, attempt: int) -> float:
        """How long to wait before the same is asked again. Raises `SourceError` where asking again is no use."""
        match stream.status:
            case 429 | 503:
                return self._asked_pause(stream.headers, 2.0**attempt)
            case 401 | 403:
                raise SourceError("source.refused", silo=self._silo.id, problem=f"status {stream.status}")
            case 404 | 410:
                raise SourceError("source.drift", silo=self._silo.id, field="", problem="nothing is there")
            case 500 | 502 | 504:
                raise SourceError("source.unreachable", silo=self._silo.id, problem=f"status {stream.status}")
            case status:
                raise self.broken(f"status {status}")

    def _asked_pause(self, headers: Mapping[str, str], default: float) -> float:
        """Retry-After in seconds; as a date it is beside the silo's own clock, where it tells it."""
        fields = {name.lower(): value for name, value in headers.items()}
        text = fields.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        until, now = _date(text), _date(fields.get("date", ""))
        if until is None:
            return default
        return max(0.0, until - (self._around.clock.now() / 1e6 if now is None else now))

    def _undelivered(self, error: DeliveryError) -> SourceError:
        return SourceError(_CODES.get(error.reason.code, "source.unreachable"), silo=self._silo.id)

    def broken(self, problem: str) -> SourceError:
        """An answer that nobody can read; `problem` is for the operator."""
        return SourceError("source.broken", silo=self._silo.id, problem=problem)

    def drift(self, field: str, problem: str = "is not there") -> SourceError:
        """Something that was shared is not there any more."""
        return SourceError("source.drift", silo=self._silo.id, field=field, problem=problem)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None

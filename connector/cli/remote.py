"""The client of a node's management API, on the standard library's HTTP client so that a command starts fast.

What lives here: finding the node and its credential, requests, answers, failures as sentences. What does not: what the
answers mean. A credential comes from a file only, never from an argument: arguments are seen by everybody on a machine.
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from msgspec import DecodeError, json

from connector.cli.errors import CommandError
from connector.cli.output import waiting
from connector.cli.words import either

SETTINGS = "allmende.toml"
SLOW = 90.0
"""Seconds without a byte after which a node counts as dead; longer than the longest long poll."""

Query = Mapping[str, str | int | float | None]


class Answer:
    """An answer whose body is read in pieces."""

    def __init__(self, status: int, headers: Mapping[str, str], body: http.client.HTTPResponse) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def chunks(self, size: int = 1 << 18) -> Iterator[bytes]:
        """The body as it comes. Raises `CommandError` where the connection ends before it does."""
        try:
            while piece := self._body.read1(size):
                yield piece
            if self._body.length:
                raise http.client.IncompleteRead(b"", self._body.length)
        except (http.client.HTTPException, OSError) as broken:
            raise CommandError(
                either(
                    "The connection broke before the end of the data.",
                    "Die Verbindung brach vor dem Ende der Daten ab.",
                ),
                "data.truncated",
            ) from broken


class Remote:
    """A node at its management API. `token` is an operator's credential, `lang` the language of sentences."""

    def __init__(self, url: str, token: str, lang: str = "en", timeout: float = SLOW) -> None:
        self.url = url.rstrip("/")
        self._token, self._lang, self._timeout = token, lang, timeout

    def get(self, path: str, **query: str | int | float | None) -> Any:
        """GET below `/v1`; the decoded answer."""
        return self._ask("GET", path, query)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST below `/v1`; the decoded answer. Stopped in between, it says that it may have been done."""
        try:
            return self._ask("POST", path, {}, json.encode(body or {}))
        except KeyboardInterrupt as stop:
            raise CommandError(
                either(
                    "Stopped before the node answered; it may have been done all the same. Look before you try again.",
                    "Abgebrochen, bevor der Knoten geantwortet hat; vielleicht ist es doch geschehen. Sehen Sie nach.",
                ),
                "stopped",
            ) from stop

    def delete(self, path: str) -> Any:
        """DELETE below `/v1`; the decoded answer, None where there is none."""
        return self._ask("DELETE", path, {})

    def every(self, path: str, **query: str | int | float | None) -> list[Any]:
        """All items of a paged list."""
        items: list[Any] = []
        after: str | None = None
        while True:
            page = self.get(path, **{**query, "after": after})
            items.extend(page["items"])
            after = page.get("next")
            if not after:
                return items

    @contextmanager
    def stream(self, path: str, query: Query, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """GET below `/v1` whose body is read in pieces; what is neither 200 nor 206 raises `CommandError`."""
        with self._open("GET", path, query, None, headers or {}) as answer:
            yield answer

    def _ask(self, method: str, path: str, query: Query, body: bytes | None = None) -> Any:
        with (
            waiting(either(f"Waiting for the node at {self.url}", f"Warte auf den Knoten unter {self.url}")),
            self._open(method, path, query, body, {}) as answer,
        ):
            text = b"".join(answer.chunks())
        try:
            return json.decode(text) if text else None
        except DecodeError as wrong:
            raise CommandError(
                either(
                    f"What answers at {self.url} is not a node's management API.",
                    f"Was unter {self.url} antwortet, ist nicht die Verwaltung eines Knotens.",
                ),
                "remote.unknown",
            ) from wrong

    @contextmanager
    def _open(
        self, method: str, path: str, query: Query, body: bytes | None, headers: Mapping[str, str]
    ) -> Iterator[Answer]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self._timeout)
        try:
            yield self._request(connection, method, _target(f"{parts.path}/v1{path}", query), body, headers)
        finally:
            connection.close()

    def _request(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self._token}", "Accept-Language": self._lang, **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, target, body, sent)
            response = connection.getresponse()
            if response.status >= 400:
                raise _problem(self.url, response.status, response.read(1 << 20))
        except (http.client.HTTPException, OSError) as failure:
            raise CommandError(
                either(
                    f"No node answers at {self.url}. Start it with: allmende serve DIR",
                    f"Unter {self.url} antwortet kein Knoten. Starten Sie ihn mit: allmende serve DIR",
                ),
                "remote.unreachable",
                {"url": self.url},
            ) from failure
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response)


class Found:
    """Where a node is: the URL of its management API, and the file that holds the credential."""

    def __init__(self, url: str, token: Path | None) -> None:
        self.url, self.token = url, token

    @classmethod
    def at(cls, place: str) -> Self:
        """By a URL or a directory."""
        if place.startswith(("http://", "https://")):
            return cls(place, None)
        directory = Path(place)
        if not (directory / SETTINGS).is_file():
            raise CommandError(
                either(
                    f"{place} holds no node (no {SETTINGS}). Make one with: allmende init {place} ...",
                    f"In {place} ist kein Knoten (keine {SETTINGS}). Anlegen mit: allmende init {place} ...",
                ),
                "node.none",
            )
        return cls(management_url(directory), directory / "token")


def connect(place: str | None, lang: str = "en", timeout: float = SLOW) -> Remote:
    """The client of the node at `place`, else of $ALLMENDE_NODE, else of the only node in the working directory.

    Raises `CommandError` where there is no such node or no readable credential.
    """
    found = Found.at(place_of(place))
    return Remote(found.url, _credential(found), lang, timeout)


def place_of(named: str | None) -> str:
    """The directory or URL of the node that is meant: the one named, else as `connect`."""
    return named or os.environ.get("ALLMENDE_NODE") or _only_node()


def management_url(directory: Path) -> str:
    """The URL of the management API of the node kept in `directory`."""
    from connector.config import load
    from connector.errors import InputError

    try:
        management = load(directory, os.environ).management
    except InputError as wrong:
        raise settings_error(wrong.reason.params) from wrong
    host = "127.0.0.1" if management.host in ("0.0.0.0", "::", "localhost") else management.host  # noqa: S104
    return f"http://[{host}]:{management.port}" if ":" in host else f"http://{host}:{management.port}"


def settings_error(params: Mapping[str, str]) -> CommandError:
    """What is wrong with `DIR/allmende.toml`, all of it, as a failure of the command."""
    wrong = params.get("problems") or params.get("problem") or "there is no such file"
    path = params.get("path", SETTINGS)
    said = either(f"The settings in {path} are wrong: {wrong}", f"Die Einstellungen in {path} sind falsch: {wrong}")
    return CommandError(said, "config.wrong", params)


def _only_node() -> str:
    here = Path()
    nodes = [here] if (here / SETTINGS).is_file() else sorted(found.parent for found in here.glob(f"*/{SETTINGS}"))
    if len(nodes) == 1:
        return str(nodes[0])
    many = "are several nodes" if nodes else "is no node"
    viele = "sind mehrere Knoten" if nodes else "ist kein Knoten"
    raise CommandError(
        either(
            f"There {many} in this directory. Name one with --node DIR, or set ALLMENDE_NODE.",
            f"In diesem Verzeichnis {viele}. Nennen Sie einen mit --node DIR oder in ALLMENDE_NODE.",
        ),
        "node.unclear",
    )


def _credential(found: Found) -> str:
    named = os.environ.get("ALLMENDE_TOKEN_FILE")
    path = Path(named) if named else found.token
    if path is None:
        raise CommandError(
            either(
                "A node named by URL needs a credential: set ALLMENDE_TOKEN_FILE to the file that holds yours.",
                "Für einen Knoten unter einer URL nennt ALLMENDE_TOKEN_FILE die Datei mit Ihrem Zugang.",
            ),
            "token.none",
        )
    try:
        return path.read_text().strip()
    except OSError as failure:
        raise CommandError(
            either(
                f"The credential in {path} cannot be read ({failure.strerror}). "
                "Set ALLMENDE_TOKEN_FILE to the file that holds yours.",
                f"Der Zugang in {path} ist nicht lesbar ({failure.strerror}). "
                "ALLMENDE_TOKEN_FILE nennt die Datei mit Ihrem.",
            ),
            "token.unreadable",
        ) from failure


def _target(path: str, query: Query) -> str:
    kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


def _problem(url: str, status: int, body: bytes) -> CommandError:
    try:
        told = json.decode(body)
        code, params, sentence = str(told["code"]), dict(told.get("params") or {}), str(told["sentence"])
    except (DecodeError, KeyError, TypeError, ValueError):
        return CommandError(
            either(
                f"What answers at {url} is not a node's management API (status {status}).",
                f"Was unter {url} antwortet, ist nicht die Verwaltung eines Knotens (Status {status}).",
            ),
            "remote.unknown",
        )
    if status == 401:
        whence = either(
            "The credential comes from DIR/token or the file in ALLMENDE_TOKEN_FILE.",
            "Der Zugang kommt aus DIR/token oder der Datei in ALLMENDE_TOKEN_FILE.",
        )
        sentence = f"{sentence.rstrip('.')}. {whence}"
    return CommandError(sentence, code, params)

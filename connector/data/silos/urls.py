"""Databases by URL: `sql` is no kind of its own, the URL says which of the three it is.

What lives here: a URL as people have it (RFC 3986; libpq's connection URI, JDBC's with `jdbc:` before it) into the kind
and the settings of a silo, once, when it is added. What does not: what the settings mean (`sources.sql`), what a secret
looks like (`secrets`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from connector.data.ports import Setting
from connector.data.silos import secrets
from connector.errors import InputError

SQL: Final = "sql"
SETTING: Final = Setting(
    "url",
    "where the database is, without a password; it is kept as one of postgres, mariadb, sqlite, whose other settings "
    "go beside it",
    "wo die Datenbank ist, ohne Passwort; sie wird als postgres, mariadb oder sqlite angelegt, deren übrige Angaben "
    "danebenstehen können",
    needed=True,
    example="postgresql://reader@db.local:5432/air",
)
KINDS: Final[Mapping[str, str]] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "postgis": "postgres",
    "mariadb": "mariadb",
    "mysql": "mariadb",
    "sqlite": "sqlite",
}
"""Schemes of URLs, and the kinds that they are."""
_PARAMETERS: Final[Mapping[str, str]] = {
    "user": "user",
    "username": "user",
    "host": "host",
    "port": "port",
    "dbname": "database",
    "sslmode": "sslmode",
    "ssl-mode": "sslmode",
    "sslrootcert": "ca",
    "ssl-ca": "ca",
    "schema": "schema",
    "currentschema": "schema",
}


def settled(name: str, kind: str, settings: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The kind and the settings that are kept of what was given; nothing is changed of any kind but `sql`.

    Raises `InputError`: `silo.settings` where the URL brings a secret along, `silo.url*` where it cannot be read, is of
    another system, or says what a setting beside it says as well.
    """
    if kind != SQL:
        return kind, settings
    if exposed := secrets.exposed(settings):
        raise InputError("silo.settings", name=name, problem="; ".join(exposed))
    given = settings.get("url")
    if not isinstance(given, str) or not given:
        raise InputError("silo.url", name=name)
    others = {key: value for key, value in settings.items() if key != "url"}
    url = _split(name, given.removeprefix("jdbc:"))
    scheme = url.scheme.partition("+")[0]
    if scheme not in KINDS:
        raise InputError("silo.url.scheme", name=name, scheme=scheme[:40], known=", ".join(sorted(KINDS)))
    said = dict(_file(name, url) if scheme == "sqlite" else _server(name, url))
    if twice := sorted(key for key in said.keys() & others.keys() if str(said[key]) != str(others[key])):
        raise InputError("silo.url.twice", name=name, settings=", ".join(twice))
    return KINDS[scheme], {**said, **others}


def _split(name: str, text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise InputError("silo.url", name=name) from None
    if not url.scheme or "://" not in text:
        raise InputError("silo.url", name=name)
    return url


def _file(name: str, url: SplitResult) -> Iterator[tuple[str, str]]:
    """A file, with as many slashes before its path as somebody is used to."""
    if url.netloc or not url.path.strip("/") or url.query:
        raise InputError("silo.url", name=name)
    yield "path", "/" + unquote(url.path).lstrip("/")


def _server(name: str, url: SplitResult) -> Iterator[tuple[str, str]]:
    """A server, and what libpq and JDBC say behind the question mark."""
    plain = {"host": url.hostname, "port": url.port, "user": url.username, "database": url.path.strip("/")}
    yield from ((key, unquote(str(value))) for key, value in plain.items() if value)
    for key, value in parse_qsl(url.query):
        if key.lower() not in _PARAMETERS:
            raise InputError("silo.url.parameter", name=name, parameter=key[:40])
        yield _PARAMETERS[key.lower()], value

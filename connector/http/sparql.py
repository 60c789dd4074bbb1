"""SPARQL about the public catalogue: `GET /sparql?query=`, `POST /sparql`.

What lives here: finding the query in a request, the form of the answer. What does not: answering
(`connector.services.querying`). Source: SPARQL 1.1 Protocol, 2.1 (query operation) and 2.2 (update, which there is not
here); RFC 9110, 12.5.1 (Accept).
"""

from __future__ import annotations

from typing import Final

from connector.errors import MessageError
from connector.http.exchange import Headers, Request, Response, arguments
from connector.http.problems import HttpError
from connector.http.publications import Publications
from connector.services.querying import Querying

PATH: Final = "/sparql"
_QUERY: Final = "application/sparql-query"
_FORM: Final = "application/x-www-form-urlencoded"
_FOREIGN: Final = ("default-graph-uri", "named-graph-uri")
_UPDATES: Final = ("update", "using-graph-uri", "using-named-graph-uri")
_MOST: Final = 16
"""Media types that are looked at."""


def publish(publications: Publications, querying: Querying) -> None:
    """Answer queries of everybody."""

    async def answer(request: Request, values: tuple[str, ...]) -> Response:
        found = await querying.ask(_query(request), accepted(request.headers))
        headers = {
            "content-type": found.media_type
            if found.media_type.endswith(("json", "xml"))
            else f"{found.media_type}; charset=utf-8",
            "cache-control": "no-cache",
            "vary": "Accept",
            # Everybody may read it, so pages of others may as well.
            "access-control-allow-origin": "*",
            # What a query says comes back in the answer: nothing that reads it as a page may run any of it.
            "content-security-policy": "default-src 'none'; sandbox",
            "x-content-type-options": "nosniff",
        }
        return Response(200, headers, b"" if request.method == "HEAD" else found.body)

    publications.add("GET", PATH, answer)
    publications.add("POST", PATH, answer)


def publish_lack(publications: Publications, package: str) -> None:
    """Say to who asks that a package is missing here."""

    async def answer(request: Request, values: tuple[str, ...]) -> Response:
        raise HttpError(501, "sparql.package", package=package)

    publications.add("GET", PATH, answer)
    publications.add("POST", PATH, answer)


def _query(request: Request) -> str:
    """Raises `MessageError`, `HttpError` 415."""
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    named = arguments(request.query)
    text = ""
    if request.method == "POST":
        if form not in (_QUERY, _FORM):
            code = "sparql.update" if form == "application/sparql-update" else "sparql.form"
            raise HttpError(415, code, form=form[:80])
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            raise MessageError("request.query") from None
        if form == _FORM:
            named |= arguments(text)
            text = ""
    for parameter in (*_FOREIGN, *_UPDATES):
        if parameter in named:
            code = "sparql.update" if parameter in _UPDATES else "sparql.dataset"
            raise MessageError(code, parameter=parameter)
    query = text or named.get("query", "")
    if not query.strip():
        raise MessageError("sparql.missing")
    return query


def accepted(headers: Headers) -> tuple[str, ...]:
    """The media types of Accept, those first that are liked best; without wildcards and those with a weight of 0."""
    liked: list[tuple[float, str]] = []
    for one in headers.get("accept", "").lower().split(",")[:_MOST]:
        media, *parameters = (part.strip() for part in one.split(";"))
        weight = _weight(next((part[2:] for part in parameters if part.startswith("q=")), "1"))
        if weight > 0 and "*" not in media and media.isascii() and " " not in media:
            liked.append((-weight, media))
    return tuple(media for _, media in sorted(liked, key=lambda pair: pair[0]) if media)


def _weight(text: str) -> float:
    """The weight of a media type (RFC 9110, 12.4.2); one that is none counts as 0."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0

"""What a node answers to those who send no message token: documents that everybody may read, and services that check
credentials of their own.

What lives here: which path is whose. What does not: what is answered (the modules that add their paths), and messages
of the Dataspace Protocol (`dsp`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from connector.http.exchange import Request, Response, Router
from connector.http.problems import HttpError

Serve = Callable[[Request, tuple[str, ...]], Awaitable[Response]]
"""Answers a request; the second argument holds the values of the path's named segments."""


class Publication(Struct, frozen=True):
    """A path's handler with the values of its named segments."""

    serve: Serve
    values: tuple[str, ...]

    def answer(self, request: Request) -> Awaitable[Response]:
        """The answer. Raises `NodeError` like any handler."""
        return self.serve(request, self.values)


class Publications:
    """Paths below the public URL, which has the path `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._router: Router[Serve] = Router()
        self._first: set[str] = set()

    def add(self, method: str, template: str, serve: Serve) -> None:
        """Enter a path below the public URL, such as `/status/{list}`."""
        self._first.add(template.split("/")[1])
        self._router.add(method, self._prefix + template, serve)

    def find(self, request: Request) -> Publication | None:
        """Who answers, or None where the path is not published. Raises `HttpError` 405 for another method."""
        # Most requests are messages: those are told apart by their first segment alone.
        below = request.path.removeprefix(self._prefix).split("/", 2)
        if len(below) < 2 or below[1] not in self._first:
            return None
        found = self._router.find(request.path)
        if found is None:
            return None
        serve = found.routes.get(request.method) or (found.routes.get("GET") if request.method == "HEAD" else None)
        if serve is None:
            raise HttpError(405, "http.method", allowed=", ".join(sorted(found.routes)))
        return Publication(serve, found.values)

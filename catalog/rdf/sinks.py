"""Where rdflib's reader of Turtle puts what it reads: what every sink of ours needs.

What lives here: the calls of that reader from which nothing is learnt. What does not: what becomes of statements
(`reading` for documents of portals, `turtle` for policies).
"""

from __future__ import annotations

from typing import Any


class Sink:
    """Takes down nothing yet. Its names are those that rdflib's reader calls."""

    def intern(self, something: Any) -> Any:
        return something

    def bind(self, prefix: str, uri: Any) -> None:
        return None

    def setDefaultNamespace(self, *args: Any) -> str:
        return ""

    def startDoc(self, formula: Any) -> None:
        return None

    def endDoc(self, formula: Any) -> None:
        return None

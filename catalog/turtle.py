"""Turtle -> plain nodes, bounded; what `policies.graph` reads. Runs in the caller's process: what comes from a peer is
read in `worker`."""

from __future__ import annotations

from policies.nodes import Node


def read_graph(data: bytes, media_type: str = "text/turtle", base: str = "urn:allmende:") -> list[Node]:
    """The nodes of a document in the order of its text. Raises `PolicyError` `turtle.unreadable` with the line."""
    raise NotImplementedError

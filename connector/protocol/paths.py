"""DSP paths as functions, used by server and client alike (DSP 2025-1, HTTPS bindings).

Every path is relative to a base: the participant's own base URL for first messages, the peer's callback address for
the rest. `quote` keeps pids that are IRIs in one path segment.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from connector.protocol import negotiation, transfer
from connector.protocol.machine import Role

VERSION_PATH = "/.well-known/dspace-version"
CATALOG_REQUEST = "/catalog/request"
NEGOTIATION_REQUEST = "/negotiations/request"
NEGOTIATION_OFFERS = "/negotiations/offers"
TRANSFER_REQUEST = "/transfers/request"


def segment(text: str) -> str:
    """One path segment: everything but unreserved characters is escaped."""
    return quote(text, safe="")


def join(base: str, path: str) -> str:
    """Base and path, whether or not the base ends in a slash."""
    return base.rstrip("/") + path


def dataset(id: str) -> str:
    """`GET` one dataset."""
    return f"/catalog/datasets/{segment(id)}"


def negotiation_state(pid: str) -> str:
    """`GET` a negotiation, at either side."""
    return f"/negotiations/{segment(pid)}"


def transfer_state(pid: str) -> str:
    """`GET` a transfer, at either side."""
    return f"/transfers/{segment(pid)}"


_NEGOTIATION_TAIL = {
    negotiation.Move.REQUEST: "request",
    negotiation.Move.OFFER: "offers",
    negotiation.Move.ACCEPT: "events",
    negotiation.Move.FINALIZE: "events",
    negotiation.Move.AGREE: "agreement",
    negotiation.Move.VERIFY: "agreement/verification",
    negotiation.Move.TERMINATE: "termination",
}
_TRANSFER_TAIL = {
    transfer.Move.START: "start",
    transfer.Move.SUSPEND: "suspension",
    transfer.Move.COMPLETE: "completion",
    transfer.Move.TERMINATE: "termination",
}


def negotiation_message(move: negotiation.Move, sender: Role, peer_pid: str) -> str:
    """Where a negotiation message goes; without a pid it is the first one."""
    if not peer_pid:
        return NEGOTIATION_REQUEST if sender is Role.CONSUMER else NEGOTIATION_OFFERS
    return f"{negotiation_state(peer_pid)}/{_NEGOTIATION_TAIL[move]}"


def transfer_message(move: transfer.Move, peer_pid: str) -> str:
    """Where a transfer message goes; a request is always the first one."""
    return TRANSFER_REQUEST if move is transfer.Move.REQUEST else f"{transfer_state(peer_pid)}/{_TRANSFER_TAIL[move]}"


def prefix(url: str) -> str:
    """The path of a root URL without its trailing slash, empty where there is none."""
    return urlsplit(url).path.rstrip("/")

"""Answers to requests for a catalogue, beside what they hold: why there is none, and where the next page is.

What lives here: how these are told and read. What does not: asking (`discovery` for an operator, `federation.asking`
for a crawl). Sources: Dataspace Protocol 2025-1, Catalog Protocol, HTTPS binding; RFC 8288 (links), 6454 (origins).
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from connector.errors import NodeError
from connector.ports import Reply
from connector.protocol import codec
from connector.protocol.messages import CatalogError
from connector.protocol.reasons import heard
from policies.model import Reason

_LINK = re.compile(r"<([^<>]{1,4096})>\s*((?:;[^,]{0,512})?)")


def refused(reply: Reply) -> Reason:
    """Why a peer says no, in its own words where it has any."""
    try:
        said = codec.decode(reply.body, CatalogError)
    except NodeError:
        return Reason("peer.refused", {"status": str(reply.status)})
    return heard("peer.refused", said.code, said.reason, status=str(reply.status))


def following(reply: Reply) -> str:
    """The target of `Link: <...>; rel="next"` as the peer gave it, "" where there is none."""
    for target, parameters in _LINK.findall(reply.headers.get("link", "")):
        if re.search(r';\s*rel\s*=\s*"?next"?\s*(?:;|$)', parameters):
            return str(target)
    return ""


def joined(base: str, link: str) -> str:
    """Where a link on a page leads; "" where that is of another origin, or nowhere."""
    try:
        found = urljoin(base, link)
    except ValueError:
        return ""
    return found if same_origin(found, base) else ""


def same_origin(url: str, other: str) -> bool:
    """Is it of the same origin? What is no URL is of none."""
    try:
        return urlsplit(url)[:2] == urlsplit(other)[:2]
    except ValueError:
        return False

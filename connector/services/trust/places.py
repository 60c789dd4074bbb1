"""Where the node of a DID is.

What lives here: from a DID, or what an operator has typed, to the root URL of a node. What does not: asking there.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from certs import did
from certs.did import DidError
from connector.errors import InputError


def root_of(identity: str) -> str:
    """The root URL of the node with this did:web; plain http on loopback (laboratories). Raises `DidError`."""
    url = did.to_url(identity)
    return did.to_url(identity, "http") if _is_loopback(urlsplit(url).hostname or "") else url


def place(given: str) -> tuple[str, str]:
    """DID and root URL of what an operator has typed, either of them. Raises `InputError` `region.place`."""
    try:
        if given.startswith("did:"):
            return given, root_of(given)
        url = did.root(given)
        return did.of_url(url), url
    except DidError as error:
        raise InputError("region.place", place=given[:256]) from error


def allowed_inside(url: str, private: bool, lab: bool) -> bool:
    """May private addresses be connected to for `url`: where an operator has allowed it, and, by a laboratory node, on
    loopback?"""
    try:
        return private or (lab and _is_loopback(urlsplit(url).hostname or ""))
    except ValueError:
        return False


def at_home(identity: str, url: str) -> bool:
    """Is this on the host that a DID names? INVARIANT: where a stranger's document leads is allowed private addresses
    only there: it opens nothing else inside, and never what listens without TLS on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname == urlsplit(did.to_url(identity)).hostname


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

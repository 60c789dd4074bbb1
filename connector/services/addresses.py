"""Addresses that a peer gives us: read before anything is sent there.

What lives here: the form of a callback address. What does not: whether the host may be connected to; the client checks
that after resolution, right before connecting (`connector.http.client`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from connector.errors import MessageError

MAX_LENGTH = 2048


def callback(address: str) -> str:
    """A callback address without its trailing slash.

    Raises `MessageError` where it is not an absolute http(s) URL, or carries user info, a query or a fragment.
    """
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises ValueError where it is no number
    except ValueError:
        raise MessageError("message.callback", place="/callbackAddress") from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password or "@" in parts.netloc)
    if len(address) > MAX_LENGTH or parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise MessageError("message.callback", place="/callbackAddress")
    return address.rstrip("/")

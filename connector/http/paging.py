"""Pages of a catalogue and the links between them.

What lives here: the continuation token and the Link header (RFC 8288, relations `next` and `previous`). What does not:
the pages. The token is opaque to others and no secret: it says behind which id the page begins and where the pages
before it began, as far back as `TRAIL`; what a caller sees is judged anew on every page.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Self

import msgspec
from msgspec import Struct

from connector.errors import MessageError

TRAIL = 16
_LONGEST = 4_096


class Position(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page begins: behind `after` ("" for the first), and where those before it began, oldest first."""

    after: str = ""
    before: tuple[str, ...] = ()

    @classmethod
    def read(cls, token: str) -> Self:
        """The position in a token, the first page for none. Raises `MessageError`."""
        if not token:
            return cls()
        try:
            text = urlsafe_b64decode(token[:_LONGEST] + "=" * (-len(token) % 4))
            return msgspec.json.decode(text, type=cls)
        except (ValueError, msgspec.DecodeError):
            raise MessageError("catalog.cursor") from None

    def token(self) -> str:
        """The position as text that fits into a URL."""
        return urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def links(path: str, here: Position, following: str | None) -> str:
    """The Link header of a page, empty where it stands alone. Each link is to be POSTed to like the first request.

    Links are absolute paths: behind a proxy they stay at the address that the peer knows.
    """
    found = []
    if following is not None:
        forward = Position(following, (*here.before, here.after)[-TRAIL:])
        found.append(f'<{path}?continuationToken={forward.token()}>; rel="next"')
    if here.before:
        back = Position(here.before[-1], here.before[:-1])
        target = f"{path}?continuationToken={back.token()}" if back.after else path
        found.append(f'<{target}>; rel="previous"')
    return ", ".join(found)

"""An access to data as a request asks for it: whose transfer, which member, what it proves and states.

What lives here: reading that from the request's line and headers. What does not: the decision (`data.gate`), which form
the answer has (`http.data`, `http.answers`, `http.live`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import hdrs, web
from msgspec import Struct

from connector.data.gate import Ask
from connector.errors import UnauthenticatedError, UnknownError
from connector.records import Asset
from connector.sentences import Language
from policies import stating

_SCHEME: Final = "bearer"


class Access(Struct, frozen=True, kw_only=True):
    """One access as it was asked for: what the request proves and states."""

    credential: str
    pid: str
    member: str
    query: str
    purpose: str | None
    spatial: str | None
    stated: Mapping[str, tuple[str, ...]]

    def ask(self, asset: Asset | None, chain: str, **more: Any) -> Ask:
        """What the gate is asked: of `asset`, as the chain of transforms with this digest lets it leave; `more` is what
        else there is to say of it."""
        return Ask(
            asset=asset,
            member=self.member,
            chain=chain,
            purpose=self.purpose,
            spatial=self.spatial,
            stated=self.stated,
            **more,
        )


def read(request: web.Request, base: str) -> Access:
    """The access that a request below `base` asks for. Raises `UnauthenticatedError`, `UnknownError`."""
    credential = _credential(request)
    pid, member = _place(request.raw_path, base)
    stated = _said(request, stating.FIELD)
    return Access(
        credential=credential,
        pid=pid,
        member=member,
        query=request.raw_path.partition("?")[2],
        purpose=_said(request, "Allmende-Purpose"),
        spatial=_said(request, "Allmende-Spatial"),
        # Of what cannot be read nothing counts.
        stated=stating.read(stated) if stated else {},
    )


def language(request: web.Request) -> Language:
    """What sentences are written in."""
    return "de" if request.headers.get(hdrs.ACCEPT_LANGUAGE, "").strip().lower().startswith("de") else "en"


def _credential(request: web.Request) -> str:
    """The token, with its scheme or as it stands: so it comes from applications that are used to Eclipse EDC."""
    value = request.headers.get(hdrs.AUTHORIZATION, "").strip()
    scheme, blank, token = value.partition(" ")
    if not value or (blank and scheme.lower() != _SCHEME):
        raise UnauthenticatedError("token.missing")
    return token.strip() if blank else value


def _said(request: web.Request, name: str) -> str | None:
    """What a request states of itself, with a question mark for what is no text; of two statements neither counts."""
    stated = request.headers.getall(name, ())
    if not stated:
        return None
    return stated[0].encode(errors="replace").decode() if len(stated) == 1 else ""


@lru_cache(maxsize=1024)
def _place(raw_path: str, base: str) -> tuple[str, str]:
    """Pid and member. Each segment is decoded on its own, so that an encoded slash never makes a level."""
    tail = raw_path.partition("?")[0].removeprefix(base)
    try:
        pid, *member = [unquote(part, errors="strict") if "%" in part else part for part in tail.split("/")]
    except UnicodeDecodeError:
        raise UnknownError("data.unknown") from None
    if any("/" in part for part in member):
        raise UnknownError("data.unknown")
    return pid, "/".join(member)

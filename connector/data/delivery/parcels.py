"""One part of a delivery as an HTTP request, and what its answer means.

What lives here: the header fields of both sides of a push, and sending. What does not: what is sent when
(`data.delivery.delivering`), what is done with it (`data.delivery.receiving`).
Source: Data Plane Signaling Profiles, HTTP Transfer Profile (push); RFC 9110, 14.4 (Content-Range); RFC 9530
(Content-Digest for the part, Repr-Digest for the whole); the Idempotency-Key field (draft-ietf-httpapi). The profile
says no more than that the provider issues requests: whoever goes by Content-Range alone reads these parts rightly.

The request leaves this node under guard: the address is judged after it was resolved, a private one only where the
operator allows it for this peer, redirects are not followed, and of an answer no more is read than a message has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from connector.data.delivery.increments import SINCE, UNTIL
from connector.data.stream import digest_field
from connector.errors import DeliveryError
from connector.ports import Content, Reading, Reply, Sends, Store
from connector.records import Delivery, Endpoint, Participant
from connector.services.addresses import AUTH_TYPE, BARE
from policies import instants

DEADLINE: Final = 120.0
"""Seconds for one part and its answer."""
LONGEST_REST: Final = 3600
"""Seconds that the other side may make us wait."""
DELIVERY, PART, LAST = "Allmende-Delivery", "Allmende-Part", "Allmende-Last"
_BUSY: Final = frozenset({408, 425, 429})
_ANEW: Final = frozenset({409, 412, 422})


class Parcel(Struct, frozen=True):
    """A part: its bytes, where they begin, and the hash of all up to their end (b"" where nobody knows). Of the `last`
    one, `whole` is the hash of all of it, and `size` how many bytes all of it has."""

    data: bytes
    offset: int
    last: bool = False
    whole: bytes = b""
    size: int | None = None
    told: bytes = b""


class Verdict(StrEnum):
    """What the other side makes of a part."""

    TAKEN = "taken"
    AWAY = "away"
    """It did not answer, or cannot take it now: later."""
    ANEW = "anew"
    """It has not what came before: all of it again."""
    REFUSED = "refused"


class Answer(Struct, frozen=True):
    """A verdict, with the status that it came from; 0 where there was none. `seconds`: not before they are over."""

    verdict: Verdict
    status: int = 0
    seconds: int = 0


class _Said(Struct):
    code: str = ""


class Courier:
    """Brings parts where they belong. `peer` guards addresses, `unseal` opens the token of the other side."""

    def __init__(self, *, store: Store, peer: Sends, unseal: Callable[[bytes, bytes], bytes]) -> None:
        self._store, self._peer, self._unseal = store, peer, unseal

    async def send(self, delivery: Delivery, parcel: Parcel, content: Content) -> Answer:
        """One attempt at one part. Raises `DeliveryError` where nobody knows whereto."""
        endpoint, private = await self._store.read(lambda view: _whereto(view, delivery))
        properties = msgspec.json.decode(self._unseal(endpoint.secret, delivery.id.encode()), type=dict[str, str])
        try:
            reply = await self._peer.send(
                "POST",
                endpoint.url,
                authorization=_authorization(properties),
                body=parcel.data,
                private=private,
                deadline=DEADLINE,
                fields=fields(delivery, parcel, content),
            )
        except DeliveryError as error:
            never = error.reason.code in ("peer.url", "peer.address_refused")
            return Answer(Verdict.REFUSED if never else Verdict.AWAY)
        return _judged(reply)


def fields(delivery: Delivery, parcel: Parcel, content: Content) -> Mapping[str, str]:
    """What a part says of itself."""
    size = content.size if content.size is not None else parcel.size
    whole = content.sha256 or parcel.whole
    said = {
        "Content-Type": content.media_type,
        "Content-Range": _range(parcel, size),
        "Content-Digest": digest_field(hashlib.sha256(parcel.data).digest()),
        "Idempotency-Key": f'"{quote(delivery.id, safe=":")}/{delivery.number}/{delivery.part}"',
        "ETag": content.etag,
        DELIVERY: str(delivery.number),
        PART: str(delivery.part),
        LAST: "?1" if parcel.last else "?0",
        **dict(content.told),
    }
    if whole:
        said["Repr-Digest"] = digest_field(whole)
    if delivery.until:
        said[UNTIL] = instants.stamp(delivery.until)
    if delivery.until and delivery.since:
        said[SINCE] = instants.stamp(delivery.since)
    return said


def _range(parcel: Parcel, size: int | None) -> str:
    length = "*" if size is None else str(size)
    if not parcel.data:
        return f"bytes */{length}"
    return f"bytes {parcel.offset}-{parcel.offset + len(parcel.data) - 1}/{length}"


def _whereto(view: Reading, delivery: Delivery) -> tuple[Endpoint, bool]:
    endpoint, who = view.get(Endpoint, delivery.id), view.get(Participant, delivery.peer)
    if endpoint is None or who is None:
        raise DeliveryError("transfer.no_address", transfer=delivery.id)
    return endpoint, who.private


def _authorization(properties: Mapping[str, str]) -> str | None:
    token = properties.get("authorization", "")
    if not token:
        return None
    bare = token[7:] if token[:7].lower() == "bearer " else token
    if not bare.isprintable() or " " in bare or not bare.isascii():
        raise DeliveryError("peer.answer_unclear")
    return bare if properties.get(AUTH_TYPE) == BARE else f"Bearer {bare}"


def _judged(reply: Reply) -> Answer:
    status, said = reply.status, reply.headers.get("retry-after", "")
    seconds = min(int(said), LONGEST_REST) if said.isascii() and said.isdecimal() and len(said) < 9 else 0
    if 200 <= status < 300:
        return Answer(Verdict.TAKEN, status)
    if status in _ANEW:
        return Answer(Verdict.ANEW, status)
    if status in _BUSY or status >= 500 or (status == 403 and _code(reply.body) == "transfer.state"):
        return Answer(Verdict.AWAY, status, seconds)
    return Answer(Verdict.REFUSED, status)


def _code(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Said).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""

"""Digests by webhook: one JSON object by POST, signed with HMAC-SHA256 over its instant and its exact bytes.

`Allmende-Signature: t=SECONDS,v1=HEX` where HEX is HMAC-SHA256(secret, SECONDS + "." + body): the receiver computes it
again, compares in constant time, and refuses an instant that is minutes away. Any 2xx is a receipt. The address goes
through the client's guard: private networks only where the settings allow it, redirects are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from connector.errors import DeliveryError
from connector.ports import Clock, Sends
from connector.sentences import sentence
from connector.services.watch.messenger import Digest, Line
from policies.model import Reason

DEADLINE = 20.0
SIGNATURE, DELIVERY = "Allmende-Signature", "Allmende-Delivery"
LEAST = 16
"""Characters that a secret has at least."""


class Sentences(Struct, frozen=True):
    """One thing in both languages."""

    de: str
    en: str


class Told(Struct, frozen=True, kw_only=True):
    """One line of the body: instants are microseconds UTC."""

    index: int
    at: int
    last: int
    times: int
    event: str
    importance: str
    params: Mapping[str, str]
    sentence: Sentences


class Body(Struct, frozen=True, kw_only=True):
    """What is posted."""

    id: str
    node: str
    first: int
    last: int
    more: int
    events: tuple[Told, ...]


class Webhook:
    """The channel. `secret` is a file."""

    name = "webhook"

    def __init__(self, url: str, secret: Path, *, private: bool, client: Sends, clock: Clock) -> None:
        self._url, self._secret, self._private = url, secret, private
        self._client, self._clock = client, clock

    async def deliver(self, digest: Digest) -> None:
        """See `services.watch.messenger.Channel`."""
        body = written(digest)
        at = str(self._clock.now() // 1_000_000)
        reply = await self._client.send(
            "POST",
            self._url,
            body=body,
            private=self._private,
            deadline=DEADLINE,
            fields={SIGNATURE: f"t={at},v1={signature(self._key(), at, body)}", DELIVERY: digest.id},
        )
        if not 200 <= reply.status < 300:
            raise DeliveryError("notify.status", status=str(reply.status))

    def _key(self) -> bytes:
        try:
            key = self._secret.read_bytes().strip()
        except OSError:
            key = b""
        if len(key) < LEAST:
            raise DeliveryError("notify.secret")
        return key


def signature(key: bytes, at: str, body: bytes) -> str:
    """HMAC-SHA256 over the instant, a point, and the body; in hex."""
    return hmac.new(key, at.encode() + b"." + body, hashlib.sha256).hexdigest()


def written(digest: Digest) -> bytes:
    """The body for a digest."""
    events = tuple(map(_told, digest.lines))
    return msgspec.json.encode(
        Body(id=digest.id, node=digest.node, first=digest.first, last=digest.last, more=digest.more, events=events)
    )


def _told(one: Line) -> Told:
    reason = Reason(one.code, one.params)
    return Told(
        index=one.index,
        at=one.at,
        last=one.last,
        times=one.times,
        event=one.event,
        importance=one.importance,
        params=one.params,
        sentence=Sentences(sentence(reason, "de"), sentence(reason, "en")),
    )

"""The consumer's side of access tokens that end: the right one for the next request, renewed in time.

What lives here: the renewal request and what is kept of its answer. What does not: when a pull asks
(`data.consuming.pull`), the provider's side (`http.renewal`, `data.tokens`). Source: Data Plane Signaling Profiles,
Token Renewal (The Refresh Request, Client Authentication); RFC 6749, section 6 and 5.1.

One renewal at a time for each transfer. A pair that was renewed is on disk, sealed, before it is used: the provider
forgets the old one only when the new one is used, so that neither a lost answer nor a crash in between locks us out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connector.data.consuming.pull import UnprovedError
from connector.errors import DeliveryError
from connector.ports import Clock, Peer, Reading, Reply, Store, Transaction
from connector.protocol.transfer import Transfer
from connector.records import Endpoint, Entry, Participant
from connector.services.transfers import seconds

SECOND = 1_000_000
AHEAD = 60
"""Seconds before its end that a token is renewed; a fifth of its life where that is less."""
Introduce = Callable[[str, str], Awaitable[str]]
"""The Authorization header that proves to a DID who we are, with an access token of its as the claim `token`."""
Seal = Callable[[bytes, bytes], bytes]


class _Granted(Struct):
    """A good answer (RFC 6749, 5.1); lenient. Without a refresh token the old one stays good."""

    access_token: str
    refresh_token: str = ""
    expires_in: int = 0


class _Refused(Struct):
    """RFC 6749, 5.2."""

    error: str = ""


class Renewing:
    """Renews the tokens of transfers in which this node is the consumer."""

    def __init__(
        self, *, store: Store, clock: Clock, peer: Peer, introduce: Introduce, seal: Seal, unseal: Seal
    ) -> None:
        self._store, self._clock, self._peer = store, clock, peer
        self._introduce, self._seal, self._unseal = introduce, seal, unseal
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def token(self, pid: str, refused: str = "") -> str:
        """The access token for the next request under a transfer, renewed where it is about to end, or where the
        provider has `refused` this one.

        Raises `UnprovedError` where the provider does not renew it (`token.not_renewed`), `DeliveryError` where it
        cannot be asked and the one that is here is no good any more.
        """
        turn = self._turns.setdefault(pid, asyncio.Lock())
        async with turn:
            endpoint, properties = await self._held(pid)
            token = properties.get("authorization", "")
            renewable = bool(properties.get("refreshToken"))
            if refused and refused != token:
                return token  # Somebody else has renewed it meanwhile.
            if not refused and not (renewable and self._is_due(endpoint, properties)):
                return token
            if not renewable:
                raise UnprovedError("token.not_renewed", said="-")
            try:
                return await self._renewed(endpoint, properties)
            except DeliveryError:
                if refused or self._clock.now() >= endpoint.expires:
                    raise
                return token

    async def _held(self, pid: str) -> tuple[Endpoint, dict[str, str]]:
        endpoint = await self._store.read(lambda view: view.get(Endpoint, pid))
        if endpoint is None:
            raise DeliveryError("transfer.no_address", transfer=pid)
        return endpoint, msgspec.json.decode(self._unseal(endpoint.secret, pid.encode()), type=dict[str, str])

    def _is_due(self, endpoint: Endpoint, properties: Mapping[str, str]) -> bool:
        ahead = min(AHEAD, seconds(properties) / 5)
        return bool(endpoint.expires) and self._clock.now() >= endpoint.expires - round(ahead * SECOND)

    async def _renewed(self, endpoint: Endpoint, properties: dict[str, str]) -> str:
        """Ask for the next pair, and keep it."""
        reply = await self._ask(endpoint, properties)
        granted = _read(reply)
        fresh = {**properties, "authorization": granted.access_token, "expiresIn": str(granted.expires_in)}
        if granted.refresh_token:
            fresh["refreshToken"] = granted.refresh_token
        life = seconds(fresh)
        kept = replace(
            endpoint,
            secret=self._seal(msgspec.json.encode(fresh), endpoint.id.encode()),
            expires=self._clock.now() + life * SECOND if life else 0,
        )
        entry = Entry(event="token.renewed", actor="node", params={"transfer": endpoint.id, "seconds": str(life)})

        def act(tx: Transaction) -> None:
            # INVARIANT: an address that a start has brought meanwhile is never overwritten by a pair of the one before.
            if tx.get(Endpoint, endpoint.id) == endpoint:
                tx.put(kept)
            tx.record(entry)

        await self._store.write(act)
        return granted.access_token

    async def _ask(self, endpoint: Endpoint, properties: Mapping[str, str]) -> Reply:
        who = await self._store.read(lambda view: _provider(view, endpoint.id))
        if who is None:
            raise DeliveryError("transfer.no_address", transfer=endpoint.id)
        form = urlencode({"grant_type": "refresh_token", "refresh_token": properties["refreshToken"]})
        return await self._peer.send(
            "POST",
            properties.get("refreshEndpoint") or endpoint.url,
            authorization=await self._introduce(who.id, properties.get("authorization", "")),
            body=form.encode(),
            private=who.private,
            fields={"Content-Type": "application/x-www-form-urlencoded"},
        )


def _provider(view: Reading, pid: str) -> Participant | None:
    transfer = view.get(Transfer, pid)
    return None if transfer is None else view.get(Participant, transfer.peer)


def _read(reply: Reply) -> _Granted:
    """Raises `UnprovedError` where the provider says no, `DeliveryError` where it says nothing that can be used.

    A proof that was not taken says nothing about the refresh token: a clock may be wrong, and that can be mended.
    """
    if reply.status in (400, 401, 403):
        try:
            said = msgspec.json.decode(reply.body, type=_Refused).error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = ""
        if said == "invalid_client":
            raise DeliveryError("peer.token_refused")
        raise UnprovedError("token.not_renewed", said=said[:80] or str(reply.status))
    if not 200 <= reply.status < 300:
        raise DeliveryError("peer.status", status=str(reply.status))
    try:
        granted = msgspec.json.decode(reply.body, type=_Granted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DeliveryError("peer.answer_unclear") from None
    if not granted.access_token:
        raise DeliveryError("peer.answer_unclear")
    return granted

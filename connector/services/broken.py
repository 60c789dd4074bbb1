"""Do the addresses of distributions answer? Looked at now and then, politely, and remembered while the node runs.

What lives here: which address is due, one look at it, what follows from the answer. What does not: whose addresses they
are (`quality`), going there (`ports.Peer`, guarded: no private networks, no plain HTTP). Source: RFC 9110 (HEAD, Range,
Retry-After), RFC 9309 (robots.txt).

An address is called broken when it was twice found not to answer, or says itself that there is nothing. What may not be
looked at, or wants a login, is not: it is not known. One look is one request without a body, at most one at a time at a
host, and none where its `robots.txt` forbids it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import chain, islice
from typing import Final
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from msgspec import Struct
from msgspec.structs import replace

from connector.errors import DeliveryError
from connector.ports import Clock, Peer
from policies.model import Reason

AGENT: Final = "allmende"
"""By which rules of `robots.txt` it goes."""
AT_ONCE: Final = 4
"""Hosts that are asked in one round."""
HOPS: Final = 3
MOST: Final = 20_000
"""Addresses that are remembered."""
_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 24 * _HOUR
_DEADLINE: Final = 20.0
_LONGEST_RULES: Final = 65_536
_GONE: Final = frozenset({404, 410})
_LOGIN: Final = frozenset({401, 403, 407})
_LATER: Final = frozenset({429, 503})
_NO_HEAD: Final = frozenset({400, 403, 405, 406, 500, 501})
"""What servers say that know no HEAD; asked again for one byte."""
_OURS: Final = frozenset({"peer.address_refused", "peer.url", "peer.closed", "proxy.unreachable", "proxy.refused"})
"""What stopped us here: it says nothing about the address."""


class Look(Struct, frozen=True, kw_only=True):
    """What is known of an address: when it was last looked at (`at`), how often in a row it did not answer, why not,
    and since when; `next` is when it is due. `good` is None where it is not known."""

    at: int
    next: int
    good: bool | None = None
    failures: int = 0
    why: Reason | None = None
    since: int | None = None


class Addresses:
    """Looks at addresses. `peer` signs nothing."""

    def __init__(self, *, peer: Peer, clock: Clock) -> None:
        self._peer, self._clock = peer, clock
        self._looks: dict[str, Look] = {}
        self._rules: dict[str, tuple[int, RobotFileParser | None]] = {}

    def of(self, address: str) -> Look | None:
        """What is known of an address; None where nobody has looked yet."""
        return self._looks.get(address)

    async def look(self, addresses: Iterable[str]) -> int:
        """One round: of these addresses some that are due, each at another host; how many. Others are forgotten."""
        now = self._clock.now()
        wanted = dict.fromkeys(one for one in addresses if _host(one))
        self._looks = {one: look for one, look in self._looks.items() if one in wanted}
        unseen = islice((one for one in wanted if one not in self._looks), max(0, MOST - len(self._looks)))
        chosen: dict[str, str] = {}
        for address in chain(unseen, (one for one, look in self._looks.items() if look.next <= now)):
            chosen.setdefault(_host(address), address)
            if len(chosen) == AT_ONCE:
                break
        await asyncio.gather(*(self._look(one) for one in chosen.values()))
        return len(chosen)

    async def _look(self, address: str) -> None:
        now, before = self._clock.now(), self._looks.get(address)
        failures = before.failures if before is not None else 0
        if not await self._allowed(address):
            unknown = Look(at=now, next=now + _DAY, why=Reason("distribution.forbidden"))
            self._looks[address] = unknown
            return
        found = await self._asked(address)
        self._looks[address] = _concluded(address, found, before, failures, now)

    async def _asked(self, address: str) -> _Answer:
        """What the address says, after following where it leads."""
        for _ in range(HOPS + 1):
            answer = await self._once(address, "HEAD")
            if answer.status in _NO_HEAD:
                answer = await self._once(address, "GET")
            if not 300 <= answer.status < 400 or not answer.location:
                return answer
            address = _joined(address, answer.location)
            if not address:
                return _Answer(why=Reason("distribution.loop"))
        return _Answer(why=Reason("distribution.loop"))

    async def _once(self, address: str, method: str) -> _Answer:
        fields: Mapping[str, str] = {"Range": "bytes=0-0"} if method == "GET" else {}
        try:
            answer = await self._peer.open(address, headers=fields, method=method, deadline=_DEADLINE)
        except DeliveryError as error:
            return _Answer(why=error.reason)
        await answer.close()
        headers = answer.headers
        return _Answer(
            status=answer.status, location=headers.get("location", ""), after=_seconds(headers.get("retry-after", ""))
        )

    async def _allowed(self, address: str) -> bool:
        """Does the host's `robots.txt` let us? Where it says nothing it does, and where it cannot be had too."""
        parts = urlsplit(address)
        host, now = f"{parts.scheme}://{parts.netloc}", self._clock.now()
        known = self._rules.get(host)
        if known is None or known[0] <= now:
            known = (now + _DAY, await self._read_rules(f"{host}/robots.txt"))
            if len(self._rules) >= MOST:
                self._rules.clear()
            self._rules[host] = known
        return known[1] is None or known[1].can_fetch(AGENT, address)

    async def _read_rules(self, url: str) -> RobotFileParser | None:
        try:
            answer = await self._peer.send("GET", url, deadline=_DEADLINE)
        except DeliveryError:
            return None
        if answer.status != 200 or len(answer.body) > _LONGEST_RULES:
            return None
        rules = RobotFileParser()
        rules.parse(answer.body.decode("utf-8", "replace").splitlines())
        return rules


class _Answer(Struct, frozen=True, kw_only=True):
    """What came of one request: a status, or why there is none. `after` seconds it wants to be asked again."""

    status: int = 0
    location: str = ""
    after: int = 0
    why: Reason | None = None


def _host(address: str) -> str:
    """Whom it is asked of, "" where it is no address of the web."""
    try:
        parts = urlsplit(address)
        return parts.netloc.lower() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _joined(address: str, location: str) -> str:
    """Where an answer leads, "" where that is nowhere."""
    try:
        return urljoin(address, location)
    except ValueError:
        return ""


def _concluded(address: str, found: _Answer, before: Look | None, failures: int, now: int) -> Look:
    """What is known of an address after a look at it."""
    why = _wrong(found)
    if why is None:
        return Look(at=now, next=now + _DAY + _spread(address), good=True if found.status not in _LOGIN else None)
    if found.why is not None and found.why.code in _OURS:
        return Look(at=now, next=now + _DAY, why=why)
    if found.status in _LATER:
        wait = max(_HOUR, min(found.after * _SECOND, _DAY))
        last = before if before is not None else Look(at=now, next=now)
        return replace(last, at=now, next=now + wait)
    sure = found.status in _GONE or failures >= 1
    since = before.since if before is not None and before.since is not None else now
    pause = min(_HOUR * 2**failures, _DAY)
    return Look(at=now, next=now + pause, good=False if sure else None, failures=failures + 1, why=why, since=since)


def _wrong(found: _Answer) -> Reason | None:
    if found.why is not None:
        return found.why
    if found.status in _GONE:
        return Reason("distribution.gone", {"status": str(found.status)})
    if found.status >= 400 and found.status not in _LOGIN:
        return Reason("distribution.status", {"status": str(found.status)})
    return None


def _seconds(text: str) -> int:
    """Of `Retry-After` as a number; a date is not waited for."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _spread(address: str) -> int:
    """Up to four hours, by the address: not all are due at the same time."""
    return int.from_bytes(sha256(address.encode(errors="replace")).digest()[:4]) % (4 * _HOUR)

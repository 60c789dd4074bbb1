"""Tests of connector.identity.pinned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from certs import did, jwt, keys
from certs.keys import NodeKeys
from connector.errors import UnauthenticatedError
from connector.identity.pinned import PinnedIdentity
from connector.ports import Reading, Transaction
from connector.records import Participant
from connector.store.sqlite import SqliteStore
from connector.system import SystemIds
from tests.ports.identity import IdentityContract
from tests.ports.signatures import SignaturesContract

T = TypeVar("T")
CITY, UTILITY, TOWN = "did:web:city.example", "did:web:utility.example", "did:web:town.example"
KEYS = {name: keys.generate() for name in (CITY, UTILITY, TOWN)}
NOW = 1_800_000_000 * jwt.SECOND


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


def participant(id: str, own: NodeKeys, **change: Any) -> Participant:
    values: dict[str, Any] = {
        "id": id,
        "name": id.rsplit(":", 1)[1].split(".")[0],
        "url": "https://x",
        "base": "https://x/dsp",
        "keys": {did.token_key(id): own.token_jwk, did.audit_key(id): own.audit_jwk},
        "tokens": (did.token_key(id),),
        "words": "",
        "added": 0,
        "added_by": "anna",
    }
    return Participant(**values | change)


class Counted:
    """A store that counts reads and can be held up in one."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.reads = 0
        self.go = asyncio.Event()
        self.go.set()

    async def read(self, act: Callable[[Reading], T]) -> T:
        self.reads += 1
        found = await self.store.read(act)
        await self.go.wait()
        return found

    async def write(self, act: Callable[[Transaction], T]) -> T:
        return await self.store.write(act)

    async def close(self) -> None:
        await self.store.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Counted]:
    opened = SqliteStore.open(tmp_path / "state.db", clock=Clock(), sign_head=lambda *_: "", threaded=False)
    counted = Counted(opened)
    await counted.write(lambda tx: tx.put(participant(UTILITY, KEYS[UTILITY])))
    yield counted
    await opened.close()


@pytest.fixture
def node(store: Counted) -> Callable[..., PinnedIdentity]:
    def make(own: str, clock: Clock | None = None) -> PinnedIdentity:
        return PinnedIdentity(store=store, clock=clock or Clock(), ids=SystemIds(), own=own, keys=KEYS[own])

    return make


@pytest.fixture
def pair(node: Callable[..., PinnedIdentity]) -> SimpleNamespace:
    return SimpleNamespace(here=node(CITY), here_id=CITY, there=node(UTILITY), there_id=UTILITY, stranger=node(TOWN))


class TestPinnedIdentity(IdentityContract):
    """The contract, with pins in a store."""


class TestPinnedSignatures(SignaturesContract):
    """The contract, with pins in a store."""


@pytest.mark.parametrize("seconds", [-3_000, -400, -61, 61, 400, 3_000])
async def test_a_signature_is_made_while_its_token_is_good(node: Callable[..., PinnedIdentity], seconds: int) -> None:
    here, there, token = node(CITY), node(UTILITY), await node(UTILITY).token(CITY)
    caller = await here.verify(token)
    there._clock.at += seconds * 1_000_000  # type: ignore[attr-defined]
    headers = {"authorization": token, **there.sign("POST", "https://city.example/x", token, b"{}")}
    with pytest.raises(UnauthenticatedError, match=r"signature\.created"):
        await here.check(caller, "POST", "https://city.example/x", headers, b"{}")


async def code(identity: PinnedIdentity, header: str | None) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        await identity.verify(header)
    return caught.value.reason.code


async def test_reasons_are_kept_apart_for_our_own_log(pair: SimpleNamespace) -> None:
    assert await code(pair.here, None) == "token.missing"
    assert await code(pair.here, "Basic abc") == "token.missing"
    assert await code(pair.here, "Bearer abc") == "token.malformed"
    assert await code(pair.here, await pair.stranger.token(CITY)) == "token.issuer"
    assert await code(pair.here, await pair.there.token(TOWN)) == "token.audience"


async def test_a_tokens_use_counts_until_no_clock_accepts_it(node: Callable[..., PinnedIdentity]) -> None:
    clock = Clock()
    here, token = node(CITY, clock), await node(UTILITY).token(CITY)
    caller = await here.verify(token)
    clock.at = caller.expires - 1
    assert (await here.verify(token)).jti == caller.jti
    clock.at = caller.expires
    assert await code(here, token) == "token.expired"


async def test_a_key_that_is_not_for_tokens_signs_none(store: Counted, pair: SimpleNamespace) -> None:
    """S11: a key outside `capabilityInvocation`."""
    token = "Bearer " + jwt.issue(
        KEYS[UTILITY].audit, did.audit_key(UTILITY), issuer=UTILITY, audience=CITY, now=NOW, jti="x"
    )
    assert await code(pair.here, token) == "token.key"


async def test_a_removed_peer_is_a_stranger_at_once(store: Counted, pair: SimpleNamespace) -> None:
    await pair.here.verify(await pair.there.token(CITY))
    await store.write(lambda tx: tx.delete(Participant, UTILITY))
    pair.here.forget()
    assert await code(pair.here, await pair.there.token(CITY)) == "token.issuer"


async def test_a_new_pin_counts_at_once_and_the_old_key_no_more(store: Counted, pair: SimpleNamespace) -> None:
    await pair.here.verify(await pair.there.token(CITY))
    await store.write(lambda tx: tx.put(participant(UTILITY, KEYS[TOWN])))
    pair.here.forget()
    assert await code(pair.here, await pair.there.token(CITY)) == "token.signature"


async def test_what_was_read_before_a_removal_is_not_kept_after_it(store: Counted, pair: SimpleNamespace) -> None:
    token = await pair.there.token(CITY)
    store.reads = 0
    store.go.clear()
    waiting = asyncio.create_task(pair.here.verify(token))
    while not store.reads:
        await asyncio.sleep(0)
    await store.write(lambda tx: tx.delete(Participant, UTILITY))
    pair.here.forget()
    store.go.set()
    with pytest.raises(UnauthenticatedError, match=r"token\.issuer"):
        await waiting
    assert store.reads == 2


async def test_neither_peers_nor_strangers_cost_a_read_each(store: Counted, pair: SimpleNamespace) -> None:
    tokens = [await pair.there.token(CITY) for _ in range(5)] + [await pair.stranger.token(CITY) for _ in range(5)]
    store.reads = 0
    await asyncio.gather(*(pair.here.verify(token) for token in tokens), return_exceptions=True)
    assert store.reads == 1


async def test_every_page_of_peers_is_read(store: Counted, pair: SimpleNamespace) -> None:
    def many(tx: Transaction) -> None:
        for number in range(600):
            id = f"did:web:a{number:03}.example"
            tx.put(participant(id, KEYS[TOWN], name=f"a{number:03}"))

    await store.write(many)
    assert (await pair.here.verify(await pair.there.token(CITY))).id == UTILITY

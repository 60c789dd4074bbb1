"""connector/services/proof/audit.py and heads.py: two nodes that keep each other's heads, and what is done to a log."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import checkpoint, jwk, tree
from certs.checkpoint import Checkpoint
from certs.verifier import included
from connector.errors import DeliveryError, NodeError, RefusedError, UnauthenticatedError, UnknownError
from connector.ports import Caller, Reply
from connector.records import Entry, Head, Participant
from connector.services.proof import generations
from connector.services.proof.audit import Audit
from connector.services.proof.heads import Beginning, HeadOffer, Heads, Kept
from connector.store.sqlite import SqliteStore
from policies.model import Reason
from tests.ports.store import Clock

_jti = itertools.count()


def fresh(did: str) -> Caller:
    """A caller whose token is newer than all before."""
    number = next(_jti)
    return Caller(did, f"jti{number}", 10**16 + number)


class Town:
    """A node as far as the audit goes: a store, a key, and calls instead of HTTP."""

    def __init__(self, name: str, folder: Path, world: dict[str, Town]) -> None:
        self.did, self.url, self.folder, self.world = f"did:web:{name}", f"http://{name}", folder, world
        world[self.url] = self
        folder.mkdir()
        self.key = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))
        self.public = self.key.public_key().public_bytes_raw()
        self.reachable, self.generation = True, 0
        self.answers: Callable[[Reply], Reply] = lambda reply: reply
        self.open()

    def open(self) -> None:
        self.store = SqliteStore.open(self.folder / "state.db", clock=Clock(), sign_head=self.sign_head, threaded=False)
        self.heads = Heads(
            store=self.store,
            clock=Clock(),
            peer=self,  # type: ignore[arg-type]  # only `send` is used
            identity=self,  # type: ignore[arg-type]  # only `token` is used
            did=self.did,
            publics=lambda: (self.public,),
        )
        self.audit = Audit(store=self.store, heads=self.heads, did=self.did, publics=lambda: (self.public,))

    def sign_head(self, size: int, root: bytes, at: int) -> str:
        origin = checkpoint.origin(self.did, self.generation)
        return checkpoint.signed(Checkpoint(origin, size, root), self.public, self.key.sign)

    def as_participant(self, **given: Any) -> Participant:
        fields: dict[str, Any] = {
            "id": self.did,
            "name": self.did,
            "url": self.url,
            "base": f"{self.url}/dsp",
            "keys": {f"{self.did}#audit": jwk.write(self.key.public_key())},
            "words": "",
            "added": 1,
            "added_by": "ada",
        }
        return Participant(**(fields | given))

    async def note(self, count: int) -> None:
        for n in range(count):
            await self.store.write(lambda tx, n=n: tx.record(Entry(event="e", actor="node", params={"n": str(n)})))

    async def tamper(self, *statements: str) -> None:
        """Do something to the database behind the node's back."""
        await self.store.close()
        with sqlite3.connect(self.folder / "state.db") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        self.open()

    async def rebuild(self, count: int) -> None:
        """Throw the log away and write another one with the same key."""
        await self.tamper("DELETE FROM audit", "DELETE FROM node", "DELETE FROM own_head")
        await self.note(count)

    async def keep_aside(self) -> Path:
        """A copy of the database as it stands."""
        await self.store.close()
        kept = self.folder.with_name(f"{self.folder.name}-{next(_jti)}.db")
        shutil.copy(self.folder / "state.db", kept)
        self.open()
        return kept

    async def go_back(self, kept: Path, generation: int | None = None) -> None:
        """The copy in the place of the database; with a generation it is marked as restored."""
        await self.store.close()
        shutil.copy(kept, self.folder / "state.db")
        self.open()
        if generation is not None:
            self.generation = generation
            await self.store.write(lambda tx: generations.begin(tx, generation, 1, 1))

    async def events(self) -> list[str]:
        return [one.event for one in await self.audit.log(limit=1000)]

    # Identity and Peer

    async def token(self, audience: str, *, owed: bool = False) -> str:
        return f"Bearer {self.did}"

    async def send(self, method: str, url: str, *, authorization: str, body: bytes | None = None, **_: Any) -> Reply:
        there = self.world[url.removesuffix("/heads")]
        if not there.reachable:
            raise DeliveryError("peer.unreachable")
        caller = fresh(authorization.removeprefix("Bearer "))
        return there.answers(await there.serve(method, caller, body))

    async def serve(self, method: str, caller: Caller, body: bytes | None) -> Reply:
        """What the HTTP routes do."""
        if method == "GET":
            return Reply(200, msgspec.json.encode(await self.heads.held(caller)))
        try:
            taken = await self.heads.take(caller, msgspec.json.decode(body or b"", type=HeadOffer))
        except RefusedError:
            return Reply(403, b"{}")
        return Reply(taken.status, msgspec.json.encode(taken.body))


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[tuple[Town, Town]]:
    """Two neighbours that have pinned each other."""
    world: dict[str, Town] = {}
    a, b = Town("a.example", tmp_path / "a", world), Town("b.example", tmp_path / "b", world)
    await a.store.write(lambda tx: tx.put(b.as_participant()))
    await b.store.write(lambda tx: tx.put(a.as_participant()))
    yield a, b
    await a.store.close()
    await b.store.close()


async def push(a: Town, b: Town) -> Any:
    return await a.heads.push(b.as_participant())


def codes(findings: Any) -> list[str]:
    return [one.code for one in findings]


async def test_an_untouched_log_verifies_and_its_peers_agree(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(600)
    assert await push(a, b) is None
    await a.note(3)
    verdict = await a.audit.verify()
    assert (verdict.ok, verdict.entries, verdict.findings) == (True, 603, ())
    assert (verdict.agreeing, verdict.silent) == ((b.did,), ())
    b.reachable = False
    verdict = await a.audit.verify()
    assert (verdict.ok, verdict.agreeing, verdict.silent) == (True, (), (b.did,))


async def test_an_empty_log_verifies(towns: tuple[Town, Town]) -> None:
    a, b = towns
    assert await push(a, b) is None
    verdict = await a.audit.verify()
    assert (verdict.ok, verdict.entries, verdict.root) == (True, 0, tree.EMPTY)
    assert [line async for line in a.audit.export()] == []


@pytest.mark.parametrize("column", ["body", "salt", "leaf"])
async def test_a_flipped_bit_names_the_leaf(towns: tuple[Town, Town], column: str) -> None:
    a, b = towns
    await a.note(300)
    await push(a, b)
    row = await a.store.read(lambda view: view.log(after=122, limit=1))
    content = bytearray(getattr(row[0], column))
    content[3] ^= 1
    await a.tamper(f"UPDATE audit SET {column} = x'{content.hex()}' WHERE leaf_index = 123")
    verdict = await a.audit.verify()
    assert not verdict.ok
    assert verdict.findings[0].code == "audit.leaf"
    assert verdict.findings[0].params == {"index": "123"}


async def test_an_entry_that_was_changed_together_with_its_leaf_is_found_by_the_root(towns: tuple[Town, Town]) -> None:
    a, _ = towns
    await a.note(300)
    leaf = tree.leaf_hash(b"\x00" * 16 + b"{}").hex()
    await a.tamper(f"UPDATE audit SET body = x'7b7d', salt = zeroblob(16), leaf = x'{leaf}' WHERE leaf_index = 5")
    assert "audit.root" in codes((await a.audit.verify()).findings)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM audit WHERE leaf_index >= 290", "audit.tail_missing"),
        ("DELETE FROM audit WHERE leaf_index = 100", "audit.leaf"),
        ("DELETE FROM own_head", "audit.unsigned"),
        ("UPDATE own_head SET note = replace(note, '300', '301')", "audit.signature"),
        ("UPDATE own_head SET size = 299", "audit.signature"),
        ("UPDATE node SET hash = zeroblob(32)", "audit.nodes"),
        ("INSERT INTO audit VALUES(300, 0, x'00', zeroblob(32), x'7b7d')", "audit.unsigned"),
    ],
)
async def test_what_else_can_be_done_to_a_database(towns: tuple[Town, Town], statement: str, code: str) -> None:
    a, _ = towns
    await a.note(300)
    await a.tamper(statement)
    verdict = await a.audit.verify()
    assert not verdict.ok
    assert code in codes(verdict.findings)


async def test_a_deleted_tail_that_is_signed_anew_is_found_by_what_a_peer_keeps(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(50)
    await push(a, b)
    leaves = [one.leaf for one in await a.store.read(lambda view: view.log(limit=40))]
    edge = tree.CompactRange()
    for leaf in leaves:
        edge.append(leaf)
    note = a.sign_head(40, edge.root(), 0)
    await a.tamper(
        "DELETE FROM audit WHERE leaf_index >= 40",
        f"UPDATE own_head SET size = 40, root = x'{edge.root().hex()}', note = '{note}'",
    )
    assert a.store.suspect is None
    verdict = await a.audit.verify()
    assert codes(verdict.findings) == ["audit.tail_missing"]
    assert verdict.findings[0].params == {"peer": b.did, "kept": "50", "found": "40"}
    await a.note(5)
    found = await push(a, b)
    assert found is not None
    assert found.code == "audit.tail_missing"


async def test_a_log_rebuilt_with_the_same_key_is_found_by_what_a_peer_keeps(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(50)
    await push(a, b)
    await a.rebuild(80)
    verdict = await a.audit.verify()
    assert codes(verdict.findings) == ["audit.rebuilt"]
    assert verdict.findings[0].params == {"peer": b.did, "kept": "50"}


async def test_without_a_peer_a_rebuilt_log_would_verify(towns: tuple[Town, Town]) -> None:
    """What the exchange of heads is for."""
    a, _ = towns
    await a.note(50)
    await a.rebuild(80)
    assert (await a.audit.verify()).ok


async def test_a_log_that_is_not_borne_out_is_not_shown_and_nothing_is_written(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(50)
    await push(a, b)
    (kept,) = await b.store.read(lambda view: view.select(Head))
    for count, code in ((20, "audit.tail_missing"), (50, "audit.rebuilt"), (80, "audit.rebuilt")):
        await a.rebuild(count)
        told: list[Reason] = []
        a.heads = Heads(
            store=a.store,
            clock=Clock(),
            peer=a,  # type: ignore[arg-type]
            identity=a,  # type: ignore[arg-type]
            did=a.did,
            publics=lambda: (a.public,),
            contradicted=told.append,
        )
        for _ in range(2):
            found = await push(a, b)
            assert found is not None
            assert found.code == code
        assert told == [found, found]
        assert len(await a.events()) == count
        assert await b.events() == []
    assert await b.store.read(lambda view: view.select(Head)) == [kept]


async def test_who_shows_two_logs_is_convicted_by_two_signed_statements(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(50)
    await push(a, b)
    (kept,) = await b.store.read(lambda view: view.select(Head))
    for count in (20, 50, 80):
        await a.rebuild(count)
        offer = await a.heads.offer(None)
        assert offer is not None
        status, size = await offered(a, b, msgspec.structs.replace(offer, old_size=50))
        assert (status, size) == (422 if count > 50 else 409, 50)
    log = await b.audit.log(limit=1000)
    assert [one.event for one in log] == ["head.conflict"] * 3
    for one, count in zip(log, (20, 50, 80), strict=True):
        for note, size in ((one.params["note"], count), (one.params["kept_note"], 50)):
            assert checkpoint.opened(note, a.did, a.public, checkpoint.ed25519).size == size
    assert await b.store.read(lambda view: view.select(Head)) == [kept]


# --- generations ------------------------------------------------------------------------------------------------------


async def test_a_restored_log_goes_on_and_the_peer_knows_what_is_lost(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(30)
    kept = await a.keep_aside()
    await a.note(20)
    assert await push(a, b) is None
    await a.go_back(kept, generation=7)
    assert (await a.audit.verify()).ok, "what was lost is known, not denied"
    assert await push(a, b) is None
    await a.note(40)
    assert await push(a, b) is None
    (entry,) = await b.audit.log(limit=1000)
    assert entry.event == "head.generation"
    told = {name: entry.params[name] for name in ("generation", "kept", "carried", "lost")}
    assert told == {"generation": "7", "kept": "50", "carried": "30", "lost": "20"}
    old, new = await b.store.read(lambda view: (view.get(Head, f"{a.did} 0"), view.get(Head, a.did)))
    assert old is not None
    assert new is not None
    assert (old.size, new.size, new.generation) == (50, 71, 7)
    assert checkpoint.opened(old.note, a.did, a.public, checkpoint.ed25519).size == 50, "still proof of what was"
    assert (await a.audit.verify()).agreeing == (b.did,)


async def test_a_restore_that_has_lost_nothing_says_so(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(30)
    assert await push(a, b) is None
    await a.go_back(await a.keep_aside(), generation=7)
    assert await push(a, b) is None
    (entry,) = await b.audit.log(limit=1000)
    assert (entry.params["carried"], entry.params["lost"]) == ("30", "0")


async def test_several_restores_that_a_peer_has_not_seen(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(30)
    first = await a.keep_aside()
    await a.note(20)
    assert await push(a, b) is None
    await a.go_back(first, generation=7)
    await a.note(60)
    await a.go_back(await a.keep_aside(), generation=9)
    assert await push(a, b) is None
    (entry,) = await b.audit.log(limit=1000)
    assert (entry.params["generation"], entry.params["carried"]) == ("9", "30")
    await a.go_back(first, generation=11)
    assert await push(a, b) is None
    last = (await b.audit.log(limit=1000))[-1]
    assert (last.params["generation"], last.params["carried"]) == ("11", "30")


async def test_going_back_behind_a_generation_is_found(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(30)
    kept = await a.keep_aside()
    await a.note(20)
    await a.go_back(kept, generation=7)
    await a.note(5)
    assert await push(a, b) is None
    a.generation = 0
    await a.go_back(kept)
    found = await push(a, b)
    assert found is not None
    assert found.code == "audit.generation"
    offer = await a.heads.offer(None)
    assert offer is not None
    assert await offered(a, b, offer) == (409, 36)
    assert (await b.events())[-1] == "head.conflict"


async def test_a_generation_cannot_be_made_up_or_hide_another_log(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(30)
    kept = await a.keep_aside()
    await a.note(20)
    assert await push(a, b) is None
    known = await b.heads.kept_of_us(a.as_participant())
    assert known is None
    await a.go_back(kept, generation=7)
    shown = await a.heads.kept_of_us(b.as_participant())
    good = await a.heads.offer(shown)
    assert good is not None
    (begin,) = good.begins
    other = await b.heads.offer(None)
    assert other is None
    late = checkpoint.signed(Checkpoint(checkpoint.origin(a.did, 7), 30, b"\x00" * 32), a.public, a.key.sign)
    wrong = [
        msgspec.structs.replace(good, begins=()),
        msgspec.structs.replace(good, begins=(Beginning(number=8, note=begin.note),)),
        msgspec.structs.replace(good, begins=(begin, begin)),
        msgspec.structs.replace(good, begins=(Beginning(number=7, note=late),)),
        msgspec.structs.replace(good, proof=()),
        msgspec.structs.replace(good, old_size=31, proof=(), begins=(Beginning(number=7, note=good.note),)),
    ]
    for one in wrong:
        status, size = await offered(a, b, one)
        assert (status, size) == (422, 50)
    for one in (msgspec.structs.replace(good, begins=(Beginning(number=7, note=begin.note + "x"),)),):
        with pytest.raises(RefusedError):
            await offered(a, b, one)
    assert (await b.store.read(lambda view: view.get(Head, a.did))).size == 50  # type: ignore[union-attr]
    assert await offered(a, b, good) == (200, 31)


async def test_heads_grow_without_a_trace_in_either_log(towns: tuple[Town, Town]) -> None:
    a, b = towns
    for count in (1, 1, 6, 0, 24, 300):
        await a.note(count)
        assert await push(a, b) is None
        head = await a.store.read(lambda view: view.head())
        kept = await a.heads.kept_of_us(b.as_participant())
        assert head is not None
        assert kept is not None
        assert (kept.checkpoint.size, kept.checkpoint.root) == (head.size, head.root)
    assert await b.events() == []
    assert len(await a.events()) == 332
    a.heads = Heads(  # a node that was started again has forgotten what it showed
        store=a.store,
        clock=Clock(),
        peer=a,  # type: ignore[arg-type]
        identity=a,  # type: ignore[arg-type]
        did=a.did,
        publics=lambda: (a.public,),
    )
    await a.note(7)
    assert await push(a, b) is None
    assert await b.events() == []


async def offered(a: Town, b: Town, offer: HeadOffer) -> tuple[int, int]:
    taken = await b.heads.take(fresh(a.did), offer)
    return taken.status, taken.body.size


async def test_a_head_that_comes_late_is_no_contradiction(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(10)
    early, token = await a.heads.offer(None), fresh(a.did)
    assert early is not None
    await a.note(10)
    await push(a, b)
    taken = await b.heads.take(token, early)
    assert (taken.status, taken.body.size) == (409, 20)
    assert await b.events() == []
    assert await offered(a, b, early) == (409, 20)
    assert await b.events() == ["head.conflict"]


async def test_a_head_is_taken_only_with_its_proof(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(10)
    await push(a, b)
    await a.note(10)
    good = await a.heads.offer(await a.heads.kept_of_us(b.as_participant()))
    assert good is not None
    assert await offered(a, b, HeadOffer(note=good.note)) == (409, 10)
    assert await b.events() == []
    for proof in ((), good.proof[:-1], (*good.proof, b"\x00" * 32), (b"\x00" * 32, *good.proof[1:])):
        assert await offered(a, b, HeadOffer(note=good.note, old_size=10, proof=proof)) == (422, 10)
    assert await b.events() == ["head.conflict"] * 4
    assert await offered(a, b, good) == (200, 20)
    assert await offered(a, b, good) == (200, 20)


async def test_heads_that_prove_nothing_are_refused_and_audited(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(3)
    await b.note(3)
    good = await a.heads.offer(None)
    other = await b.heads.offer(None)
    assert good is not None
    assert other is not None
    for note, code in ((good.note.replace("\n3\n", "\n4\n"), "head.unverified"), (other.note, "head.unverified")):
        with pytest.raises(RefusedError) as caught:
            await offered(a, b, HeadOffer(note=note))
        assert caught.value.reason.code == code
    assert (await b.events())[3:] == ["refused", "refused"]
    stranger = Caller("did:web:c.example", "j", 10**16)
    with pytest.raises(RefusedError, match=r"head\.no_key"):
        await b.heads.take(stranger, good)
    await b.store.write(lambda tx: tx.put(a.as_participant(keys={f"{a.did}#audit": {"kty": "RSA"}})))
    with pytest.raises(RefusedError, match=r"head\.no_key"):
        await offered(a, b, good)
    assert await b.store.read(lambda view: view.count(Head)) == 0


async def test_a_token_is_good_for_one_request(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(1)
    offer = await a.heads.offer(None)
    assert offer is not None
    caller = Caller(a.did, "once", 10**16)
    await b.heads.take(caller, offer)
    with pytest.raises(UnauthenticatedError):
        await b.heads.take(caller, offer)
    with pytest.raises(UnauthenticatedError):
        await b.heads.held(caller)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"not json"),
        Reply(200, b"\xff"),
        Reply(500, b"{}"),
        Reply(200, b'{"size":9,"note":"forged"}'),
        Reply(409, b"{}"),
    ],
)
async def test_a_peer_whose_answer_proves_nothing_counts_as_silent(towns: tuple[Town, Town], reply: Reply) -> None:
    a, b = towns
    await a.note(5)
    b.answers = lambda given: reply
    if reply.status != 409:
        verdict = await a.audit.verify()
        assert (verdict.ok, verdict.silent) == (True, (b.did,))
    with pytest.raises(DeliveryError):
        await push(a, b)
    assert "head.conflict" not in await a.events()


async def test_a_peer_cannot_accuse_with_a_head_of_somebody_else(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(5)
    forged = Kept(size=99, note=b.sign_head(99, b"\x01" * 32, 0))
    b.answers = lambda given: Reply(200, msgspec.json.encode(forged))
    assert (await a.audit.verify()).ok


async def test_an_entry_is_proved_to_others(towns: tuple[Town, Town]) -> None:
    a, _ = towns
    await a.note(21)
    for index in range(21):
        proof = await a.audit.proof(index)
        head = checkpoint.opened(proof.note, a.did, a.public, checkpoint.ed25519)
        assert included(proof.leaf, index, head.size, proof.hashes, head.root)
    for index in (-1, 21):
        with pytest.raises(UnknownError):
            await a.audit.proof(index)


async def test_the_export_can_be_checked_without_the_node(towns: tuple[Town, Town]) -> None:
    a, _ = towns
    await a.note(300)
    lines = [msgspec.json.decode(line) async for line in a.audit.export()]
    edge = tree.CompactRange()
    for index, line in enumerate(lines[:-1]):
        leaf = tree.leaf_hash(base64.b64decode(line["salt"]) + line["body"].encode())
        assert (line["index"], base64.b64decode(line["leaf"])) == (index, leaf)
        edge.append(leaf)
    assert checkpoint.opened(lines[-1]["head"], a.did, a.public, checkpoint.ed25519) == Checkpoint(
        a.did, 300, edge.root()
    )


async def test_the_log_is_read_for_people(towns: tuple[Town, Town]) -> None:
    a, _ = towns
    await a.note(4)
    await a.tamper("UPDATE audit SET body = x'ff' WHERE leaf_index = 2")
    noted = await a.audit.log(after=0, limit=2)
    assert [(one.index, one.event, dict(one.params)) for one in noted] == [(1, "e", {"n": "1"}), (2, "unreadable", {})]


async def test_writing_goes_on_while_the_log_is_looked_through(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(600)
    await push(a, b)
    verdict, _ = await asyncio.gather(a.audit.verify(), a.note(50))
    assert verdict.ok
    assert verdict.entries >= 600


async def test_an_unreachable_peer_is_the_callers_business(towns: tuple[Town, Town]) -> None:
    a, b = towns
    await a.note(1)
    b.reachable = False
    with pytest.raises(NodeError):
        await push(a, b)
    b.reachable = True
    assert await push(a, b) is None

"""What every adapter of the Store port must pass.

A test module derives from `StoreContract` and gives it a `store` fixture (an open store on an empty directory).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import checkpoint, tree
from certs.checkpoint import Checkpoint
from connector.errors import UnknownError
from connector.ports import Change, Reading, Store, Transaction
from connector.protocol.machine import Role
from connector.protocol.negotiation import Negotiation
from connector.records import (
    INDEXED,
    Agreement,
    Answer,
    Asset,
    Entry,
    Head,
    Listing,
    Logged,
    Operator,
    Participant,
    PolicyVersion,
    Right,
    Written,
)

ORIGIN = "did:web:city.example"
KEY = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()


def sign_head(size: int, root: bytes, at: int) -> str:
    """The `sign_head` of the city's node."""
    return checkpoint.signed(Checkpoint(ORIGIN, size, root), PUBLIC, KEY.sign)


class Clock:
    """A Clock that stands still until it is moved; microseconds UTC."""

    def __init__(self, at: int = 1_800_000_000_000_000) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1e6

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the store does not sleep")


def negotiation(id: str, **given: Any) -> Negotiation:
    """A record with documents in it."""
    fields: dict[str, Any] = {
        "role": Role.PROVIDER,
        "peer": "did:web:town.example",
        "callback": "https://town.example/dsp",
        "created": 1,
        "updated": 1,
        "dataset": "urn:dataset:1",
        "asked": {"@id": "urn:offer", "permission": [{"action": "use", "constraint": []}], "text": "Grüße ✓"},
        "agreement_body": b"\x00\xff",
    }
    return Negotiation(id=id, **(fields | given))


def entry(text: str = "x") -> Entry:
    return Entry(event="test", actor="node", params={"text": text})


class NoSuchThingError(Exception):
    """Raised by acts that fail on purpose."""


class StoreContract:
    """Derive and provide `store`."""

    async def test_a_record_comes_back_as_it_was(self, store: Store) -> None:
        record = negotiation("urn:uuid:1", state="AGREED", peer_pid="urn:uuid:p")
        await store.write(lambda tx: tx.put(record))
        assert await store.read(lambda view: view.get(Negotiation, record.id)) == record
        assert await store.read(lambda view: view.get(Negotiation, "urn:uuid:2")) is None

    async def test_every_kind_has_a_place(self, store: Store) -> None:
        for kind in INDEXED:
            assert await store.read(lambda view, kind=kind: view.select(kind)) == []
            assert await store.write(lambda tx, kind=kind: tx.delete(kind, "none")) is False

    async def test_a_transaction_sees_its_own_writes_and_others_only_what_is_committed(self, store: Store) -> None:
        def act(tx: Transaction) -> tuple[int, bool, int, int]:
            tx.put(negotiation("urn:uuid:1"))
            return tx.count(Negotiation), tx.delete(Negotiation, "urn:uuid:1"), tx.count(Negotiation), tx.draw("k")

        assert await store.write(act) == (1, True, 0, 1)
        assert await store.read(lambda view: (view.count(Negotiation), view.drawn("k"))) == (0, 1)

    async def test_put_replaces(self, store: Store) -> None:
        await store.write(lambda tx: tx.put(negotiation("urn:uuid:1", state="REQUESTED", peer_pid="a")))
        await store.write(lambda tx: tx.put(negotiation("urn:uuid:1", state="AGREED", peer_pid="b")))

        def look(view: Reading) -> tuple[int, Negotiation | None, Negotiation | None, int]:
            old, new = view.find(Negotiation, peer_pid="a"), view.find(Negotiation, peer_pid="b")
            return view.count(Negotiation), old, new, view.count(Negotiation, state="AGREED")

        count, old, new, agreed = await store.read(look)
        assert (count, old, agreed) == (1, None, 1)
        assert new is not None
        assert new.state == "AGREED"

    async def test_find_by_indexed_attributes_also_none_and_enums(self, store: Store) -> None:
        def act(tx: Transaction) -> None:
            tx.put(negotiation("urn:uuid:1", state=None))
            tx.put(negotiation("urn:uuid:2", state="AGREED", role=Role.CONSUMER))
            tx.put(Operator(id="ada", role=Right.ADMIN, token_hash="h", created=1))

        await store.write(act)

        def look(view: Reading) -> list[Any]:
            return [
                view.find(Negotiation, state=None),
                view.find(Negotiation, role=Role.CONSUMER, state="AGREED"),
                view.find(Negotiation, role=Role.CONSUMER, state=None),
                view.find(Operator, token_hash="h"),
                view.find(Participant, name="nobody"),
            ]

        found = await store.read(look)
        assert [None if one is None else one.id for one in found] == ["urn:uuid:1", "urn:uuid:2", None, "ada", None]

    async def test_what_a_kind_is_not_found_by_is_a_mistake_of_the_caller(self, store: Store) -> None:
        with pytest.raises(ValueError, match="callback"):
            await store.read(lambda view: view.find(Negotiation, callback="x"))

    async def test_select_pages_in_the_order_of_ids(self, store: Store) -> None:
        def act(tx: Transaction) -> None:
            for n in (3, 1, 5, 2, 4):
                tx.put(PolicyVersion(id=f"p@{n}", name="p", version=n, document={}, created=1, created_by="ada"))
            tx.put(PolicyVersion(id="q@1", name="q", version=1, document={}, created=1, created_by="ada"))

        await store.write(act)
        seen: list[int] = []
        last = ""
        while page := await store.read(lambda view, at=last: view.select(PolicyVersion, after=at, limit=2, name="p")):
            seen += [one.version for one in page]
            last = page[-1].id
        assert seen == [1, 2, 3, 4, 5]
        assert await store.read(lambda view: view.count(PolicyVersion, name="p")) == 5

    async def test_bytes_and_booleans_come_back(self, store: Store) -> None:
        record = Agreement(
            id="urn:uuid:a",
            negotiation="urn:uuid:n",
            role="provider",
            peer="did:web:x",
            dataset="d",
            document={"a": 1},
            message=bytes(range(256)),
            hash="00",
            concluded=5,
            in_force=False,
        )
        await store.write(lambda tx: tx.put(record))
        assert await store.read(lambda view: view.find(Agreement, in_force=False, concluded=5)) == record
        assert await store.read(lambda view: view.find(Agreement, in_force=True)) is None

    async def test_an_act_that_raises_leaves_nothing_and_its_neighbours_alone(self, store: Store) -> None:
        def good(n: int) -> Any:
            def act(tx: Transaction) -> int:
                tx.put(negotiation(f"urn:uuid:{n}"))
                tx.record(entry(str(n)))
                tx.use_token("did:x", f"jti{n}", 10)
                return tx.draw("k")

            return act

        def bad(n: int) -> Any:
            def act(tx: Transaction) -> None:
                good(n)(tx)
                raise NoSuchThingError(n)

            return act

        acts = [bad(n) if n % 3 == 0 else good(n) for n in range(30)]
        results = await asyncio.gather(*map(store.write, acts), return_exceptions=True)
        for n, result in enumerate(results):
            assert isinstance(result, NoSuchThingError) is (n % 3 == 0)
        assert [one for one in results if isinstance(one, int)] == list(range(1, 21))

        def look(view: Reading) -> tuple[int, int, list[Logged]]:
            return view.count(Negotiation), view.drawn("k"), view.log()

        count, drawn, log = await store.read(look)
        assert (count, drawn, len(log)) == (20, 20, 20)
        assert await store.write(lambda tx: tx.use_token("did:x", "jti0", 10)) is True
        assert await store.write(lambda tx: tx.use_token("did:x", "jti1", 10)) is False

    async def test_what_was_asked_for_afterwards_follows_the_commit_and_only_it(self, store: Store) -> None:
        done: list[str] = []

        def good(tx: Transaction) -> None:
            tx.put(negotiation("n-1"))
            tx.after(lambda: done.append("good"))

        def bad(tx: Transaction) -> None:
            tx.put(negotiation("n-2"))
            tx.after(lambda: done.append("bad"))
            raise NoSuchThingError

        results = await asyncio.gather(store.write(good), store.write(bad), return_exceptions=True)
        assert isinstance(results[1], NoSuchThingError)
        assert done == ["good"]

    async def test_errors_of_the_node_reach_the_caller_as_they_are(self, store: Store) -> None:
        def act(tx: Transaction) -> None:
            raise UnknownError("no.such", id="x")

        with pytest.raises(UnknownError) as caught:
            await store.write(act)
        assert caught.value.reason.code == "no.such"

    @pytest.mark.parametrize("value", ["\ud800", 1 << 70, object()])
    async def test_what_cannot_be_written_fails_its_own_act_only(self, store: Store, value: Any) -> None:
        def bad(tx: Transaction) -> None:
            tx.draw("k")
            tx.put(negotiation("urn:uuid:1", updated=value))

        def worse(tx: Transaction) -> None:
            tx.draw("k")
            tx.record(Entry(event="x", actor="node", params={"a": value}))

        results = await asyncio.gather(
            store.write(bad),
            store.write(lambda tx: tx.draw("k")),
            store.write(worse if not isinstance(value, int) else bad),
            store.write(lambda tx: tx.record(entry())),
            return_exceptions=True,
        )
        assert isinstance(results[0], Exception)
        assert results[1] == 1
        assert isinstance(results[2], Exception)
        assert results[3] is None
        assert await store.read(lambda view: (view.drawn("k"), len(view.log()))) == (1, 1)

    async def test_a_token_is_used_once(self, store: Store) -> None:
        uses = [store.write(lambda tx: tx.use_token("did:x", "jti", 10)) for _ in range(10)]
        assert sorted(await asyncio.gather(*uses)) == [False] * 9 + [True]
        assert await store.write(lambda tx: tx.use_token("did:y", "jti", 10)) is True

    async def test_fifty_callers_draw_fifty_numbers(self, store: Store) -> None:
        drawn = await asyncio.gather(*(store.write(lambda tx: tx.draw("contract")) for _ in range(50)))
        assert sorted(drawn) == list(range(1, 51))
        assert await store.read(lambda view: (view.drawn("contract"), view.drawn("other"))) == (50, 0)

    async def test_an_answer_is_remembered_for_its_peer(self, store: Store) -> None:
        answer = Answer(201, b"{}")
        await store.write(lambda tx: tx.remember("did:x", b"digest", answer))
        assert await store.read(lambda view: view.answered("did:x", b"digest")) == answer
        assert await store.read(lambda view: view.answered("did:y", b"digest")) is None
        await store.write(lambda tx: tx.remember("did:x", b"digest", Answer(200, b"")))
        assert await store.read(lambda view: view.answered("did:x", b"digest")) == Answer(200, b"")

    async def test_entries_become_leaves_in_order_under_a_signed_head(self, store: Store) -> None:
        assert await store.read(lambda view: (view.log(), view.head())) == ([], None)
        await asyncio.gather(*(store.write(lambda tx, n=n: tx.record(entry(str(n)))) for n in range(20)))
        log, head = await store.read(lambda view: (view.log(limit=50), view.head()))
        assert [one.index for one in log] == list(range(20))
        edge = tree.CompactRange()
        for one in log:
            assert one.leaf == tree.leaf_hash(one.salt + one.body)
            edge.append(one.leaf)
        assert len({one.salt for one in log}) == 20
        assert isinstance(head, Head)
        assert (head.id, head.size, head.root) == (ORIGIN, 20, edge.root())
        assert checkpoint.opened(head.note, ORIGIN, PUBLIC, checkpoint.ed25519) == Checkpoint(ORIGIN, 20, head.root)

    async def test_an_entry_says_what_was_recorded(self, store: Store) -> None:
        import msgspec

        await store.write(lambda tx: tx.record(Entry(event="a.b", actor="ada", params={"ü": "✓"})))
        (one,) = await store.read(lambda view: view.log())
        said = msgspec.json.decode(one.body, type=Written)
        assert (said.event, said.actor, said.params, said.at) == ("a.b", "ada", {"ü": "✓"}, one.at)

    async def test_the_log_pages(self, store: Store) -> None:
        for n in range(7):
            await store.write(lambda tx, n=n: tx.record(entry(str(n))))
        page = await store.read(lambda view: view.log(after=2, limit=3))
        assert [one.index for one in page] == [3, 4, 5]
        assert await store.read(lambda view: view.log(after=6)) == []

    async def test_any_subtree_can_be_asked_for(self, store: Store) -> None:
        def act(tx: Transaction) -> None:
            for n in range(700):
                tx.record(entry(str(n)))

        await store.write(act)
        leaves = [one.leaf for one in await store.read(lambda view: view.log(limit=700))]
        level, row = 0, leaves
        while row:
            for index, known in enumerate(row):
                if level or index % 97 == 0:
                    got = await store.read(lambda view, level=level, index=index: view.node(level, index))
                    assert got == known
            row = [tree.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
            level += 1
        assert level == 10

    async def test_an_id_is_found_by_its_end_and_kinds_are_told_apart(self, store: Store) -> None:
        ids = ["urn:uuid:1-aaaa1234", "urn:uuid:2-bbbb1234", "urn:uuid:3-bbbb5678", "urn:uuid:4-%_'\\"]

        def act(tx: Transaction) -> list[list[str]]:
            for id in ids:
                tx.put(negotiation(id))
            tx.put(Asset(id="asset-bbbb1234", name="a", title="", kind="file", settings={}, created=1, created_by="a"))
            return [tx.ending(Negotiation, tail) for tail in ("bbbb1234", "1234")]

        assert await store.write(act) == [[ids[1]], ids[:2]]
        for tail, found in [
            ("bbbb1234", [ids[1]]),
            ("1234", ids[:2]),
            ("4321", []),
            ("%_'\\", [ids[3]]),
            ("%1234", []),
            ("_1234", []),
            (ids[0], [ids[0]]),
            (f"x{ids[0]}", []),
        ]:
            assert await store.read(lambda view, tail=tail: view.ending(Negotiation, tail)) == found, tail
        assert await store.read(lambda view: view.ending(Negotiation, "1234", limit=1)) == ids[:1]

    async def test_records_are_tallied_by_an_indexed_attribute(self, store: Store) -> None:
        def act(tx: Transaction) -> None:
            for n, peer in enumerate(["did:a", "did:b", "did:a", "did:a"]):
                tx.put(negotiation(f"n{n}", peer=peer))

        assert await store.read(lambda view: view.tally(Negotiation, "peer")) == {}
        await store.write(act)
        assert await store.read(lambda view: view.tally(Negotiation, "peer")) == {"did:a": 3, "did:b": 1}
        assert await store.read(lambda view: view.tally(Negotiation, "state")) == {None: 4}
        with pytest.raises(ValueError, match="found by"):
            await store.read(lambda view: view.tally(Negotiation, "asked"))

    async def test_reading_is_consistent_while_others_write(self, store: Store) -> None:
        def move(tx: Transaction) -> None:
            tx.draw("a")
            tx.draw("b")
            tx.record(entry())

        async def write() -> None:
            for _ in range(20):
                await store.write(move)

        async def read() -> None:
            for _ in range(20):
                a, b, log = await store.read(lambda view: (view.drawn("a"), view.drawn("b"), len(view.log(limit=999))))
                assert a == b == log
                await asyncio.sleep(0)

        await asyncio.gather(write(), read(), write(), read())

    async def test_sweeping_forgets_what_has_ended_and_nothing_else(self, store: Store) -> None:
        now = 1_900_000_000_000_000
        hour = 3_600_000_000

        def act(tx: Transaction) -> None:
            tx.use_token("did:x", "ended", now - hour)
            tx.use_token("did:x", "just ended", now - 1)  # a verifier's leeway may still let it pass
            tx.use_token("did:x", "live", now + hour)
            tx.put(Asset(id="a", name="a", title="", kind="file", settings={}, created=1, created_by="ada"))

        await store.write(act)
        assert await store.sweep(now) == 1
        assert await store.sweep(now) == 0
        tries = [store.write(lambda tx, j=j: tx.use_token("did:x", j, now)) for j in ("ended", "just ended", "live")]
        assert await asyncio.gather(*tries) == [True, False, False]
        assert await store.read(lambda view: view.count(Asset)) == 1

    async def test_a_caller_who_goes_away_before_his_act_has_run_changes_nothing(self, store: Store) -> None:
        gone = asyncio.ensure_future(store.write(lambda tx: tx.draw("k")))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert await store.write(lambda tx: tx.draw("other")) == 1
        assert await store.read(lambda view: view.drawn("k")) == 0

    async def test_what_follows_from_a_write_is_done_in_its_transaction(self, store: Store) -> None:
        seen: list[Collection[Change]] = []

        def follow(tx: Transaction, changes: Collection[Change]) -> None:
            seen.append(sorted(changes, key=str))
            tx.put(_asset("made"))  # is not followed itself
            if any(id == "refused" for _, id in changes):
                raise UnknownError("dataset.unknown")

        store.follow((Asset,), follow)
        await store.write(lambda tx: tx.put(Participant(**_PARTICIPANT)))
        await store.write(lambda tx: (tx.put(_asset("a")), tx.put(_asset("b")), tx.delete(Asset, "c")))
        assert seen == [[(Asset, "a"), (Asset, "b"), (Asset, "c")]]
        assert await store.read(lambda view: [one.id for one in view.select(Asset)]) == ["a", "b", "made"]
        with pytest.raises(UnknownError):
            await store.write(lambda tx: (tx.delete(Asset, "made"), tx.put(_asset("refused"))))
        assert await store.read(lambda view: [one.id for one in view.select(Asset)]) == ["a", "b", "made"]

    async def test_each_audience_is_shown_one_listing_of_an_asset(self, store: Store) -> None:
        listed = [
            _listing("a", "", 1),
            _listing("a", "did:x", 2),
            _listing("a-b", "", 3),
            _listing("c", "", 4),
            _listing("c", "did:x", 5, digest=""),
            _listing("d", "did:x", 6),
            _listing("e", "", 7, digest=""),
            _listing("f", "did:y", 8, until=50),
        ]
        await store.write(lambda tx: [tx.put(one) for one in listed])

        def shown(who: str, **asked: Any) -> Any:
            return lambda view: [one.sequence for one in view.listings(who).page(**asked).listings]

        assert await store.read(shown("")) == [1, 3, 4]
        assert await store.read(shown("did:x")) == [2, 3, 4, 6]
        assert await store.read(shown("did:x", after="a")) == [3, 4, 6]
        assert await store.read(shown("did:x", after="a", skip=1, limit=1)) == [4]
        assert await store.read(shown("did:x", room=5)) == [2]
        assert await store.read(lambda view: view.listings("did:x").page(limit=4).more) is False
        assert await store.read(lambda view: view.listings("did:x").page(limit=3).more) is True
        changes = await store.read(lambda view: view.listings("did:x").changes(after=0, limit=9))
        assert [one.sequence for one in changes.listings] == [2, 3, 4, 6]
        changes = await store.read(lambda view: view.listings("did:x").changes(after=3, limit=2))
        assert ([one.sequence for one in changes.listings], changes.more) == ([4, 6], True)
        digests = await store.read(lambda view: view.listings("did:y").digests())
        assert [asset for asset, _ in digests] == ["a", "a-b", "c", "f"]
        standing = await store.read(lambda view: view.listings("did:y").standing())
        assert (standing.sequence, standing.own, standing.due) == (8, True, 50)
        assert not (await store.read(lambda view: view.listings("did:z").standing())).own
        assert await store.read(lambda view: view.ended_listings(49, 9)) == []
        assert await store.read(lambda view: view.ended_listings(50, 9)) == ["f"]
        # The last change for an audience stays, whatever it is: here that of `e`.
        assert await store.read(lambda view: view.gone_listings(100, 9)) == ["c did:x"]


_PARTICIPANT: dict[str, Any] = {
    "id": "did:p",
    "name": "p",
    "url": "",
    "base": "",
    "keys": {},
    "words": "",
    "added": 0,
    "added_by": "ada",
}


def _asset(id: str) -> Asset:
    return Asset(id=id, name=id, title="", kind="file", settings={}, created=1, created_by="ada")


def _listing(asset: str, audience: str, sequence: int, *, digest: str = "x", until: int | None = None) -> Listing:
    return Listing(
        id=f"{asset} {audience}",
        asset=asset,
        audience=audience,
        sequence=sequence,
        document=b"1234",
        digest=digest,
        until=until,
    )

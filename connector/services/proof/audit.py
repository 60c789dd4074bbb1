"""The audit for people: reading it, proving it whole, handing it on.

What lives here: the look through the whole log against our own head and the heads that peers keep, proofs, export. What
does not: writing it (`connector.store`), the exchange of heads (`heads`).
Source: RFC 9162, 2.1; C2SP tlog-checkpoint.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from certs import checkpoint, tree
from certs.checkpoint import Checkpoint, CheckpointError
from connector.errors import NodeError, StoreError, UnknownError
from connector.ports import Reading, Store
from connector.records import Head, Logged, Participant, Written
from connector.services.proof.generations import generations
from connector.services.proof.heads import Heads, Shown, part
from policies.model import Reason

PAGE = 256
"""Entries that are read at once; between pages others have their turn."""

ASKED_AT_ONCE = 16


class Noted(Struct, frozen=True, kw_only=True):
    """An audit entry for reading; `event` is `unreadable` where its bytes are not what was written."""

    index: int
    at: int
    event: str
    actor: str
    params: Mapping[str, str]
    leaf: bytes


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether the audit is whole. `findings` is empty if so; `silent` names the peers that could not be asked."""

    ok: bool
    entries: int
    root: bytes
    findings: tuple[Reason, ...] = ()
    agreeing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class Proof(Struct, frozen=True, kw_only=True):
    """That an entry is in the log under a signed head (RFC 9162, 2.1.3)."""

    index: int
    size: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    note: str


class Exported(Struct, frozen=True, kw_only=True):
    """A line of the export: SHA-256 over a zero byte, salt and body is the leaf. Bytes in base64, body as it is."""

    index: int
    salt: bytes
    leaf: bytes
    body: str


class Audit:
    """Reads and proves the log. `did` is ours, `publics` are the keys that sign our heads or have."""

    def __init__(
        self,
        *,
        store: Store,
        heads: Heads,
        did: str,
        publics: Callable[[], Sequence[bytes]],
        verify: checkpoint.Verify = checkpoint.ed25519,
    ) -> None:
        self._store, self._heads = store, heads
        self._did, self._publics, self._verify = did, publics, verify

    async def log(self, after: int = -1, limit: int = 100) -> list[Noted]:
        """Entries in order, beginning behind the leaf index `after`."""
        return [_noted(one) for one in await self._store.read(lambda view: view.log(after=after, limit=limit))]

    async def proof(self, index: int) -> Proof:
        """Proof that the entry `index` is under our newest head. Raises `UnknownError`."""

        def act(view: Reading) -> Proof:
            head = view.head()
            if head is None or not 0 <= index < head.size:
                raise UnknownError("audit.no_entry", index=str(index))
            hashes = tuple(tree.inclusion_proof(view.node, index, head.size))
            return Proof(index=index, size=head.size, leaf=view.node(0, index), hashes=hashes, note=head.note)

        return await self._store.read(act)

    async def export(self) -> AsyncIterator[bytes]:
        """The log as lines of JSON: every entry under the newest head, then `{"head": note}`."""
        head = await self._store.read(lambda view: view.head())
        if head is None:
            return
        async for one in entries(self._store, head.size):
            text = one.body.decode(errors="replace")
            yield msgspec.json.encode(Exported(index=one.index, salt=one.salt, leaf=one.leaf, body=text)) + b"\n"
        yield msgspec.json.encode({"head": head.note}) + b"\n"

    async def verify(self) -> Verdict:
        """Recompute every leaf and the root, check our signature, and compare with the heads that peers keep of us.

        Findings: `audit.leaf` (names the first entry whose bytes do not give its leaf), `audit.tail_missing`,
        `audit.root`, `audit.signature`, `audit.nodes`, `audit.unsigned`, `audit.rebuilt`. Raises `StoreError` where the
        database does not answer.
        """
        # The peers first: what they keep was shown before, so it can be no longer than the log that is read next.
        kept, silent = await self._ask_peers()
        head = await self._store.read(lambda view: view.head())
        known = await self._store.read(generations)
        sizes = frozenset(part(known, one) for one in kept.values())
        passed = await looked_through(self._store, self._did, self._publics(), self._verify, sizes, head)
        findings = [*passed.findings, *await self._ends(head)]
        agreeing: list[str] = []
        for peer, one in kept.items():
            wrong = passed.against(peer, one.checkpoint, part(known, one))
            if wrong is None:
                agreeing.append(peer)
            else:
                findings.append(wrong)
        return Verdict(
            ok=not findings,
            entries=passed.edge.size,
            root=passed.edge.root(),
            findings=tuple(findings),
            agreeing=tuple(agreeing),
            silent=tuple(silent),
        )

    async def _ends(self, head: Head | None) -> list[Reason]:
        """Is there anything behind the newest head, and do the kept inner hashes lead to it?"""

        def act(view: Reading) -> list[Reason]:
            now = view.head()
            size = 0 if now is None else now.size
            found = [Reason("audit.unsigned", {"index": str(one.index)}) for one in view.log(after=size - 1, limit=1)]
            try:
                if head is not None and tree.root(view.node, head.size) != head.root:
                    found.append(Reason("audit.nodes", {"size": str(head.size)}))
            except StoreError as error:
                found.append(error.reason)
            return found

        return await self._store.read(act)

    async def _ask_peers(self) -> tuple[dict[str, Shown], list[str]]:
        """What the peers keep of us, by DID, and those that did not say."""
        peers: list[Participant] = []
        last = ""
        while page := await self._store.read(partial(_peers, after=last)):
            peers += page
            last = page[-1].id
        gate = asyncio.Semaphore(ASKED_AT_ONCE)
        kept: dict[str, Shown] = {}
        silent: list[str] = []

        async def ask(peer: Participant) -> None:
            async with gate:
                try:
                    found = await self._heads.kept_of_us(peer)
                except NodeError:
                    silent.append(peer.id)
                    return
            if found is not None:
                kept[peer.id] = found

        await asyncio.gather(*map(ask, peers))
        return kept, sorted(silent)


async def looked_through(
    store: Store,
    did: str,
    publics: Sequence[bytes],
    verify: checkpoint.Verify = checkpoint.ed25519,
    sizes: frozenset[int] = frozenset(),
    head: Head | None = None,
) -> Passed:
    """Go through the log once, up to `head` or the newest one, noting its roots at `sizes`; and look at the head."""
    passed = Passed(sizes)
    head = head or await store.read(lambda view: view.head())
    if head is None:
        return passed
    async for one in entries(store, head.size):
        passed.take(one)
    passed.close(head)
    passed.findings += _signature(head, did, publics, verify)
    return passed


async def entries(store: Store, size: int) -> AsyncIterator[Logged]:
    """The first `size` entries, or as many as there are, page by page."""
    after = -1
    while after < size - 1:
        page = await store.read(partial(_page, after=after, limit=min(PAGE, size - 1 - after)))
        if not page:
            return
        for one in page:
            if one.index < size:
                yield one
        after = page[-1].index
        await asyncio.sleep(0)


def _signature(head: Head, did: str, publics: Sequence[bytes], verify: checkpoint.Verify) -> list[Reason]:
    """Is the kept head the one that we signed?"""
    try:
        signed, _ = checkpoint.opened_any(head.note, did, publics, verify)
    except CheckpointError as error:
        return [Reason("audit.signature", {"cause": error.code})]
    same = (signed.size, signed.root) == (head.size, head.root)
    return [] if same else [Reason("audit.signature", {"cause": "other_head"})]


class Passed:
    """One way through the log: the tree that its leaves give, and its roots at the sizes that peers keep."""

    def __init__(self, sizes: frozenset[int]) -> None:
        self.edge = tree.CompactRange()
        self.findings: list[Reason] = []
        self._sizes = sizes
        self._roots = {0: tree.EMPTY}

    def take(self, one: Logged) -> None:
        """The next entry. The first wrong one is named; those behind it say nothing new."""
        wrong = tree.leaf_hash(one.salt + one.body) != one.leaf or one.index != self.edge.size
        if wrong and not self.findings:
            self.findings.append(Reason("audit.leaf", {"index": str(self.edge.size)}))
        self.edge.append(one.leaf)
        if self.edge.size in self._sizes:
            self._roots[self.edge.size] = self.edge.root()

    def close(self, head: Head) -> None:
        """Compare with our own head."""
        if self.edge.size < head.size:
            params = {"peer": "", "kept": str(head.size), "found": str(self.edge.size)}
            self.findings.append(Reason("audit.tail_missing", params))
        elif self.edge.root() != head.root and not self.findings:
            self.findings.append(Reason("audit.root", {"size": str(head.size)}))

    def against(self, peer: str, kept: Checkpoint, still: int) -> Reason | None:
        """How a head that a peer keeps contradicts what was read; None where it does not.

        `still` is how much of it the log has not lost by a restore: that much has to be here.
        """
        if still > self.edge.size:
            params = {"peer": peer, "kept": str(kept.size), "found": str(self.edge.size)}
            return Reason("audit.tail_missing", params)
        if still == kept.size and self._roots[still] != kept.root:
            return Reason("audit.rebuilt", {"peer": peer, "kept": str(kept.size)})
        return None


def _page(view: Reading, after: int, limit: int) -> list[Logged]:
    return view.log(after=after, limit=limit)


def _peers(view: Reading, after: str) -> list[Participant]:
    return view.select(Participant, after=after, limit=PAGE)


def _noted(one: Logged) -> Noted:
    try:
        said = msgspec.json.decode(one.body, type=Written)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = Written(at=one.at, event="unreadable", actor="")
    return Noted(index=one.index, at=said.at, event=said.event, actor=said.actor, params=said.params, leaf=one.leaf)

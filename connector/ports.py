"""What services need from the outside: Protocols, implemented by one thin adapter each.

Store (`connector.store`), Identity, Proofs and Documents (`connector.identity`), Peer and Fetch
(`connector.http.client`), Source (`connector.data.sources`), Facts, Clock, Ids (`connector.system`). Each has one
contract-test class in `tests/ports` that every adapter must pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from certs.did import Document
from connector.records import Answer, Asset, Entry, Head, Listing, Logged, Plane

R = TypeVar("R", bound=Struct)
T = TypeVar("T")

Fault = Callable[[str], None]
"""Called by shells at named points; a no-op in the product, an injected fault in tests."""


def no_fault(point: str) -> None:
    """The product's fault: none."""


Sure = Callable[[str], Awaitable[None]]
"""Returns as soon as something may be done with a peer (a DID). Raises `OurError` where nothing may (`continuity`)."""


async def at_once(peer: str) -> None:
    """The `Sure` that never waits."""


class Standing(Struct, frozen=True):
    """How far a catalogue has come for an audience: the number of its last change, whether it has listings of its
    `own`, and from when on some listing, of whomever, is over (None: never)."""

    sequence: int
    own: bool
    due: int | None


class Batch(Struct, frozen=True):
    """Some listings, and whether there are `more`."""

    listings: list[Listing]
    more: bool


class Listings(Protocol):
    """The catalogue as one audience sees it: of each asset one listing at most. Each question is one statement."""

    def page(self, *, after: str = "", skip: int = 0, limit: int = 100, room: int | None = None) -> Batch:
        """Listings in the order of their assets, beginning behind the asset `after`; fewer than `limit` where their
        documents would have more than `room` bytes, but one at least."""

    def changes(self, *, after: int, limit: int, room: int | None = None) -> Batch:
        """What was changed behind the number `after`, also what has gone, in the order of the changes. From the very
        beginning (0) nothing is told of what has gone. `room` as in `page`."""

    def digests(self) -> list[tuple[str, str]]:
        """Asset and digest of all that is shown, in the order of the assets."""

    def standing(self) -> Standing:
        """How far it has come."""


Change = tuple[type[Struct], str]
"""Kind and id of a record that was put or deleted."""


class Reading(Protocol):
    """A consistent view of the store."""

    def get(self, kind: type[R], id: str) -> R | None:
        """The record, or None. Raises `StoreError` where its bytes cannot be read.

        INVARIANT: nobody changes a fetched record or anything in it: several may have the same one.
        """

    def find(self, kind: type[R], /, **where: Any) -> R | None:
        """The first record whose indexed attributes (`records.INDEXED`) equal `where`, or None."""

    def select(self, kind: type[R], /, *, after: str = "", limit: int = 100, **where: Any) -> list[R]:
        """Records in the order of their ids, beginning behind `after` (keyset paging)."""

    def count(self, kind: type[R], /, **where: Any) -> int:
        """How many records match."""

    def tally(self, kind: type[R], attribute: str) -> Mapping[Any, int]:
        """How many records there are by the value of an indexed attribute."""

    def ending(self, kind: type[R], tail: str, *, limit: int = 2) -> list[str]:
        """Ids that end in `tail`, in their order; no record is read."""

    def drawn(self, key: str) -> int:
        """How many uses have been drawn from a counter; 0 where none."""

    def listings(self, audience: str) -> Listings:
        """The catalogue for an audience: a DID, or "" for somebody to whom nothing in particular is offered."""

    def ended_listings(self, now: int, limit: int) -> list[str]:
        """Assets with a listing that is over at `now`, and has to be made anew."""

    def gone_listings(self, before: int, limit: int) -> list[str]:
        """Ids of listings of what was gone before an instant, but for the last change for each audience: nobody's
        sequence may go back."""

    def answered(self, peer: str, digest: bytes) -> Answer | None:
        """The stored answer to a byte-identical message of this peer, or None."""

    def log(self, *, after: int = -1, limit: int = 100) -> list[Logged]:
        """Audit entries in order, beginning behind the leaf index `after`."""

    def head(self) -> Head | None:
        """This node's own latest signed head, or None while the log is empty."""

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of the audit tree over the leaves [index * 2**level, (index + 1) * 2**level).

        Raises `StoreError` where a hash that it needs is missing.
        """


class Transaction(Reading, Protocol):
    """The one writer's view: everything done in it is kept together or not at all."""

    def put(self, record: Struct) -> None:
        """Insert or replace a record of a kind in `records.INDEXED`."""

    def delete(self, kind: type[R], id: str) -> bool:
        """Remove a record; False where there was none."""

    def use_token(self, issuer: str, jti: str, expires: int) -> bool:
        """Note a message token as used; False where it was used before. Raises `BusyError` where the store of live
        tokens is full."""

    def remember(self, peer: str, digest: bytes, answer: Answer) -> None:
        """Keep the answer to a message for a byte-identical repeat."""

    def draw(self, key: str) -> int:
        """Draw one use from a counter; returns the number drawn including this one."""

    def record(self, entry: Entry) -> None:
        """Append an audit entry. It becomes a leaf of the tree when, and only when, the transaction commits."""

    def after(self, call: Callable[[], None]) -> None:
        """Call this on the event loop once the transaction is on disk, and never where it is not.

        A process that ends in between calls nothing: what must not be lost stands in the transaction itself.
        """


class Store(Protocol):
    """Durable state with one writer. `write` returns only when the transaction is on disk."""

    async def write(self, act: Callable[[Transaction], T]) -> T:
        """Run `act` in a transaction; on an exception nothing of it is kept and the exception is raised here.

        `act` runs in the writer, one after the other, joined with its neighbours in one commit (savepoints keep them
        apart); it must not block and must not touch the event loop. Raises `StoreError` (disk full, fsync failed) and
        `BusyError` (queue full), nothing kept.
        """

    async def read(self, act: Callable[[Reading], T]) -> T:
        """Run `act` on a consistent view."""

    def committed(self, act: Callable[[Reading], T]) -> T:
        """As `read`, at once: inside a transaction on what was there before it and all that it is joined with."""

    def follow(self, kinds: Collection[type[Struct]], act: Callable[[Transaction, Collection[Change]], None]) -> None:
        """From now on run `act` at the end of every transaction that puts or deletes records of these kinds, inside it,
        told which ones. Where it raises, nothing of the transaction is kept. What it writes itself is not followed."""

    async def sweep(self, now: int) -> int:
        """Forget some of the tokens that have ended and of the answers that are old; how many. 0: nothing is left."""

    async def close(self) -> None:
        """Finish what is queued and close."""


class Clock(Protocol):
    """Time as an argument. `now` is microseconds UTC; `monotonic` is for leases, deadlines and back-off, in seconds."""

    def now(self) -> int: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """Drawn identifiers."""

    def pid(self) -> str:
        """A `urn:uuid:` version 7."""

    def token(self) -> str:
        """At least 128 random bits as URL-safe text."""


class Sent(Struct, frozen=True):
    """A request as it went over the wire, without its body. `url` is the absolute URI that was asked for; `fields` are
    the header fields that its signature covers, Signature-Input and Signature by lower-case name: empty where the
    request is not signed. `signed` is when the signature says that it was made, in microseconds UTC."""

    method: str = "POST"
    url: str = ""
    fields: Mapping[str, str] = {}
    signed: int = 0


class Caller(Struct, frozen=True):
    """A proved caller: its DID, the token's id and end (microseconds UTC) so that it can be used only once, and the
    request that it has sent, whose signature, where it has one, is verified. `grant` is what its token gives us to ask
    at its Credential Service with (DCP 1.0.1, Base Protocol: `token`), `code` its `pre-authorized_code`; "" for none.
    `bare`: nobody has looked at what it has signed, since nothing has to be signed there (`Proofs`).
    """

    id: str
    jti: str
    expires: int
    issued: int = 0
    sent: Sent = Sent()
    grant: str = ""
    code: str = ""
    bare: bool = False


class Identity(Protocol):
    """Who is calling, and how we say who we are."""

    async def token(self, audience: str, *, owed: bool = False) -> str:
        """The value of an Authorization header for one message to `audience` (a DID). Never the same twice.

        Raises `DeliveryError` where nothing may be said to it. With `owed` it may be said to somebody for whom nobody
        vouches any more: an end tells no secret and stops what the other side still takes for good, a greeting is
        how somebody comes to show what it has, and comparing logs is what both owe to the truth.
        """

    async def verify(self, authorization: str | None) -> Caller:
        """The proved caller. Raises `UnauthenticatedError` with a code and no secret. Does not note the use: the
        caller's transaction does (`Transaction.use_token`)."""


class Proofs(Protocol):
    """Proof of a DID and nothing more, for the Decentralized Claims Protocol itself: whoever asks for credentials or
    brings them need not be known here."""

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """The value of an Authorization header for one message to `audience`, with what it has given us: the `token`
        of its own message or the `pre-authorized_code` of its invitation. Never the same twice."""

    async def bare(self, authorization: str | None) -> Caller:
        """The caller, who holds the keys of its DID: nothing is said about whether it is known or trusted.

        Raises `UnauthenticatedError`; `MessageError` `did.form` and `RefusedError` `did.method` for DIDs that are not
        looked up; `TooOftenError`. Does not note the use: the caller's transaction does (`Transaction.use_token`).
        """


class Documents(Protocol):
    """What DIDs say of themselves (did:web): fetched under guard, kept for a while, asked for once at a time."""

    async def document(
        self, did: str, *, url: str = "", private: bool = False, lacking: str = "", fresh: bool = False
    ) -> Document:
        """The document of `did`, as kept or fetched now.

        `url` is its root where that is known, `private` allows private addresses there. A kept document without the key
        `lacking` is fetched anew, so is every one with `fresh`, each at most once in a while. Raises `DidError` (form,
        content, another's), `DeliveryError` (not to be had) and `BusyError` (too many at once).
        """

    def keeps(self, did: str) -> bool:
        """Is something known of `did`, so that asking for its document is unlikely to ask anybody?"""


class Signatures(Protocol):
    """What requests are signed with, beside the tokens that say who is calling (RFC 9421)."""

    def sign(self, method: str, url: str, authorization: str, body: bytes) -> Mapping[str, str]:
        """The header fields that sign one request of ours; `url` is the absolute URI that is asked for."""

    def attest(self, audience: str, url: str, body: bytes) -> Mapping[str, str]:
        """The fields, Authorization among them, that sign a POST of ours which `audience` has: for keeping where
        its own were lost with its answer, and never to be sent."""

    async def check(self, caller: Caller, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Caller:
        """The caller with what it has sent. `url` is our own address for what was asked for, never what headers say.

        An unsigned request is taken as it is here: whether it has to be signed is a question for the transaction that
        serves it. Raises `UnauthenticatedError` for a signature that is there and proves nothing.
        """


class Reply(Struct, frozen=True):
    """A peer's answer; `body` is bounded by the client's limit. `signed` are the fields with which the request was
    signed, Authorization among them; empty where it was not."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}
    signed: Mapping[str, str] = {}


class Stream(Protocol):
    """An open answer whose body is read in pieces."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, decoded from its content coding, with back-pressure."""

    async def close(self) -> None: ...


class Sends(Protocol):
    """Speaks HTTP to others. Addresses are checked before connecting; redirects are not followed."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request within a total deadline (seconds). `private` allows private addresses for this peer; `fields` are
        further header fields.

        Raises `DeliveryError` where no answer was had, with a code; any answer at all is returned.
        """


class Peer(Sends, Protocol):
    """Speaks to peers, and reads what they serve."""

    async def open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        private: bool = False,
        deadline: float | None = None,
        method: str = "GET",
    ) -> Stream:
        """A GET whose body is streamed, or a HEAD, which has none. Raises `DeliveryError`."""


class Signals(Protocol):
    """Speaks to other planes (Data Plane Signaling), proving who we are in the way that each of them wants."""

    async def send(self, plane: Plane, method: str, path: str, body: bytes | None = None) -> Reply:
        """One call below a plane's endpoint. Raises `DeliveryError` where there was no answer, or one that says nothing
        about the call; a 4xx that does is returned like a 2xx."""

    async def agreement(self, plane: Plane, process: str, agreement: str) -> Reply:
        """What a control plane says of the agreement of one of its transfers. Raises as `send`."""


class Span(Struct, frozen=True):
    """A byte range, both ends included; `last` None means to the end, `first` None means the last `last` bytes."""

    first: int | None
    last: int | None


class Held(Struct, frozen=True):
    """An open file of one version, whose hash is known. `check` raises `OurError` (`data.changed`) where it is another
    by now: bytes that were read before are of the version then."""

    file: int
    check: Callable[[], None]


class Content(Struct, frozen=True):
    """What a source gives for one access: exact size where known (None while a stream has no end), a strong ETag,
    the SHA-256 of the whole where it is known beforehand, and the bytes from `start` on in pieces of at most 1 MiB."""

    media_type: str
    etag: str
    chunks: Callable[[int, int | None], AsyncIterator[bytes]]
    """`chunks(start, stop)`: bytes from offset `start` up to but excluding `stop` (None: to the end)."""
    small: Callable[[], bytes] | None = None
    """The whole at once, where it is small (<= 64 KiB) and in memory or a page cache; saves the hop of a stream."""
    close: Callable[[], None] = lambda: None
    size: int | None = None
    sha256: bytes | None = None
    modified: int | None = None
    told: tuple[tuple[str, str], ...] = ()
    """Header fields that say what was done to it on its way."""
    held: Held | None = None
    """Where the bytes are those of an open file: they need not be hashed again, nor pass through this process."""


class Source(Protocol):
    """A silo that is read in place. One adapter a kind, named by the entry point group `allmende.sources`."""

    kind: str

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with an asset's settings, in plain sentences; empty where it can be served."""

    async def open(self, asset: Asset, path: str) -> Content:
        """Open the asset for one access. `path` names a member of a folder ("" for the whole: a folder's listing).

        Raises `UnknownError` where there is no such member, `OurError` where the silo does not answer.
        """


class Facts(Protocol):
    """What this node knows about a party beyond its DID (left operand IRI -> values)."""

    def of(self, view: Reading, party: str) -> Mapping[str, tuple[str, ...]]: ...

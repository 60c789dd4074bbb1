"""Notices: what one node tells another about a contract or a negotiation, outside the protocol's two machines.

What lives here: the form of a notice and of its answer, telling one inside somebody's transaction, taking one, what
became of it. What does not: what a kind of notice means (the handlers that other services register), sending
(`services.outbox`). The endpoint, `POST {url}/notices`, is an extension of ours; a peer that has it says so in its DID
document with a service of the type `AllmendeNotices`, and nothing is sent to one that does not.

A notice is sent like any message, again and again until it is answered or given up, and may overtake another one. What
is taken is taken once: a repeat gets the kept answer. A no is an answer too (`refused`, with a reason).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from connector.errors import MessageError, NodeError, OurError, PeerError, UnknownError
from connector.ports import Caller, Clock, Ids, Reading, Store, Transaction
from connector.protocol.machine import Rejected
from connector.records import Entry, Notice, Outgoing, Participant
from connector.services.changes import Change, Changes
from connector.services.intake import admit, note_refusal
from connector.services.outbox import Replied
from connector.services.processes import Done, Mail
from policies import instants
from policies.model import Reason

PROCESS = "notice"
"""What the outbox calls messages of this kind."""
MOST = 200
"""Notices that one peer may give about one thing."""
LARGEST = 65_536
"""Bytes of a notice, and of what is kept of an answer."""
_NO_SUCH_PLACE = ("404", "405", "501")

Text = Annotated[str, Meta(max_length=4096)]
Verdict = Literal["accepted", "refused", "unsupported"]


class NoticeMessage(Struct, frozen=True, kw_only=True):
    """A notice on the wire. `at` is when it was given, as xsd:dateTime; `about` as in `records.Notice`."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    about: Annotated[str, Meta(min_length=1, max_length=2048)]
    kind: Annotated[str, Meta(pattern=r"^[a-z]+(\.[a-z]+)*$", max_length=64)]
    at: Annotated[str, Meta(max_length=64)]
    params: Annotated[dict[Annotated[str, Meta(max_length=64)], Text], Meta(max_length=32)] = {}


class NoticeAnswer(Struct, frozen=True, kw_only=True):
    """The answer: what became of the notice `id`. `code` says why it was refused; `params` belong to the code or the
    kind of notice. `unsupported` means that the receiver knows no notices of this kind."""

    id: Annotated[str, Meta(max_length=128)]
    kind: Verdict
    at: Annotated[str, Meta(max_length=64)]
    code: Annotated[str, Meta(max_length=128)] = ""
    params: Annotated[dict[Annotated[str, Meta(max_length=64)], Text], Meta(max_length=32)] = {}


Handler = Callable[[Transaction, Caller, Notice], Mapping[str, str] | NodeError]
"""Takes a peer's notice inside the receiving transaction. Returns what the answer says, or why it is refused; then it
has changed nothing. Whether the notice is about something of the caller's is the handler's to check; where there is no
such thing, the refusal is an `UnknownError` and the notice is not kept."""

Heard = Callable[[Transaction, Notice], None]
"""Is told inside the transaction that settles a notice of ours; `state` and `answer` say how."""


def read(body: bytes) -> NoticeMessage:
    """A notice as it came in. Raises `MessageError`."""
    try:
        if len(body) > LARGEST:
            raise MessageError("notice.unreadable")
        message = msgspec.json.decode(body, type=NoticeMessage)
        instants.instant(message.at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise MessageError("notice.unreadable") from None
    return message


def answer_to(notice: Notice) -> NoticeAnswer | None:
    """What the answer to a notice says; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode(notice.answer, type=NoticeAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Notices:
    """Tells and takes notices. `handlers` and `heard` name, by kind, who takes a peer's and who hears of ours."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids, mail: Mail, changes: Changes) -> None:
        self._store, self._clock, self._ids = store, clock, ids
        self._mail, self._changes = mail, changes
        self.handlers: dict[str, Handler] = {}
        self.heard: dict[str, Heard] = {}

    # --- ours ---------------------------------------------------------------------------------------------------------

    def tell(
        self, tx: Transaction, peer: str, about: str, kind: str, params: Mapping[str, str], *, actor: str = "node"
    ) -> Notice:
        """Give `peer` (a DID) a notice; it is sent when the transaction has been committed.

        To a peer that takes no notices, or is no peer any more, nothing is sent: the notice that is returned stands as
        `unsupported`. A queue that is full hinders no notice: there are few, and a contract must be able to end.
        """
        participant = tx.get(Participant, peer)
        place, now = "" if participant is None else participant.notices, self._clock.now()
        notice = Notice(
            id=self._ids.pid(),
            peer=peer,
            about=about,
            kind=kind,
            params=dict(params),
            ours=True,
            state="open" if place else "unsupported",
            created=now,
            settled=None if place else now,
        )
        tx.put(notice)
        tx.record(Entry(event="notice.given", actor=actor, params={**_about(notice), "state": notice.state}))
        if place:
            self._post(tx, notice, place)
        return notice

    def _post(self, tx: Transaction, notice: Notice, url: str) -> None:
        at = instants.stamp(notice.created)
        message = NoticeMessage(id=notice.id, about=notice.about, kind=notice.kind, at=at, params=dict(notice.params))
        item = Outgoing(
            id=f"{notice.id}#1",
            peer=notice.peer,
            process=PROCESS,
            pid=notice.id,
            move=notice.kind,
            kind="Notice",
            url=url,
            body=msgspec.json.encode(message),
            created=notice.created,
        )
        tx.put(item)
        tx.after(lambda: self._mail.add([item]))

    def settle(self, tx: Transaction, item: Outgoing, given: Replied | Rejected) -> Done:
        """The outbox has an answer to a notice of ours, or has given it up."""
        notice = tx.get(Notice, item.pid)
        if not tx.delete(Outgoing, item.id) or notice is None:
            return Done()
        body = given.body[:LARGEST] if isinstance(given, Replied) else b""
        settled = replace(notice, settled=self._clock.now(), answer=body)
        settled = replace(settled, state=_outcome(settled, given))
        tx.put(settled)
        params = {**_about(notice), "state": settled.state, **_why(settled, given)}
        tx.record(Entry(event="notice.settled", actor=notice.peer, params=params))
        if (heard := self.heard.get(notice.kind)) is not None:
            heard(tx, settled)
        tx.after(lambda: self._changes.publish(Change(PROCESS, notice.id, state=settled.state)))
        return Done()

    def committed(self, done: Done) -> None:
        """Nothing is left to do; `settle` has said what follows its commit."""

    # --- theirs -------------------------------------------------------------------------------------------------------

    async def receive(self, caller: Caller, message: NoticeMessage) -> bytes:
        """Take a notice whose sender is proved; returns the answer's bytes.

        Raises `UnauthenticatedError` (token used before), `MessageError` (the id belongs to another notice);
        `BusyError` and `StoreError` have kept nothing at all.
        """

        def act(tx: Transaction) -> bytes | PeerError:
            admit(tx, caller)
            try:
                return self._taken(tx, caller, message)
            except PeerError as error:
                note_refusal(tx, caller, "notice", error)
                return error

        taken = await self._store.write(act)
        if isinstance(taken, PeerError):
            raise taken
        return taken

    def _taken(self, tx: Transaction, caller: Caller, message: NoticeMessage) -> bytes:
        kept = tx.get(Notice, message.id)
        if kept is not None:
            same = (kept.about, kept.kind, kept.params) == (message.about, message.kind, message.params)
            if kept.ours or kept.peer != caller.id or not same:
                raise MessageError("notice.exists", id=message.id)
            tx.record(Entry(event="repeated", actor=caller.id, params={"what": PROCESS, "notice": message.id}))
            return kept.answer
        now = self._clock.now()
        notice = Notice(
            id=message.id,
            peer=caller.id,
            about=message.about,
            kind=message.kind,
            params=message.params,
            ours=False,
            state="answered",
            created=instants.instant(message.at),
            settled=now,
        )
        _takes_notices(tx, caller.id)
        said = self._handled(tx, caller, notice)
        answer = _answer(notice, said, now)
        taken = replace(notice, answer=msgspec.json.encode(answer))
        if answer.kind != "unsupported" and not isinstance(said, UnknownError):
            tx.put(taken)
        params = {**_about(notice), "answer": answer.kind, **({"code": answer.code} if answer.code else {})}
        tx.record(Entry(event="notice.taken", actor=caller.id, params=params))
        tx.after(lambda: self._changes.publish(Change(PROCESS, notice.id, state=answer.kind)))
        return taken.answer

    def _handled(self, tx: Transaction, caller: Caller, notice: Notice) -> Mapping[str, str] | NodeError | None:
        """What the handler says, or None where there is none. Raises an error of ours: then nothing is kept."""
        handler = self.handlers.get(notice.kind)
        if handler is None:
            return None
        if tx.count(Notice, peer=caller.id, about=notice.about) >= MOST:
            return UnknownError("notice.many", limit=str(MOST))
        said = handler(tx, caller, notice)
        if isinstance(said, OurError):
            raise said
        return said

    # --- looking ------------------------------------------------------------------------------------------------------

    async def about(self, *abouts: str) -> list[Notice]:
        """Every notice about these things, ours and theirs, the oldest first."""
        return await self._store.read(lambda view: notices_about(view, *abouts))


def _takes_notices(tx: Transaction, peer: str) -> None:
    """Whoever gives notices takes them too: a peer that was added before it did is told from now on."""
    participant = tx.get(Participant, peer)
    if participant is not None and not participant.notices:
        tx.put(replace(participant, notices=participant.url.rstrip("/") + "/notices"))
        tx.record(Entry(event="peer.takes_notices", actor=peer, params={"peer": peer}))


def notices_about(view: Reading, *abouts: str) -> list[Notice]:
    """Every notice about these things, ours and theirs, the oldest first."""
    found = [one for about in dict.fromkeys(abouts) for one in view.select(Notice, about=about, limit=2 * MOST)]
    return sorted(found, key=lambda one: (one.created, one.id))


def _outcome(notice: Notice, given: Replied | Rejected) -> str:
    """`told` is an acknowledgement whose body is no answer of ours."""
    if isinstance(given, Rejected):
        nowhere = given.reason.code == "peer.refused" and given.reason.params.get("status") in _NO_SUCH_PLACE
        return "unsupported" if nowhere else "undeliverable"
    answer = answer_to(notice)
    if answer is None or answer.id != notice.id:
        return "told"
    return "unsupported" if answer.kind == "unsupported" else "answered"


def _why(notice: Notice, given: Replied | Rejected) -> dict[str, str]:
    """What the audit says of an outcome beside its state."""
    if isinstance(given, Rejected):
        return {"code": given.reason.code}
    answer = answer_to(notice)
    return {} if answer is None else {"answer": answer.kind, **({"code": answer.code} if answer.code else {})}


def _answer(notice: Notice, said: Mapping[str, str] | NodeError | None, now: int) -> NoticeAnswer:
    at = instants.stamp(now)
    if said is None:
        return NoticeAnswer(id=notice.id, kind="unsupported", at=at)
    if isinstance(said, NodeError):
        reason: Reason = said.reason
        return NoticeAnswer(id=notice.id, kind="refused", at=at, code=reason.code, params=dict(reason.params))
    return NoticeAnswer(id=notice.id, kind="accepted", at=at, params=dict(said))


def _about(notice: Notice) -> dict[str, str]:
    return {"notice": notice.id, "about": notice.about, "kind": notice.kind}

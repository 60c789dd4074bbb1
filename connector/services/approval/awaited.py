"""Whom a negotiation waits for: people here, or people at the peer, as far as it has told.

What lives here: the notice that tells a peer how a question stands that it waits for, reading such a notice, and who is
awaited. What does not: the words (`http.deciding`), deciding (`services.approval.approvals`), sending
(`services.notices`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from connector.errors import MessageError, PeerError, UnknownError
from connector.ports import Caller, Reading, Transaction
from connector.protocol.machine import Role
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import Negotiation
from connector.records import Notice, Participant, Question, QuestionState
from connector.services.approval import questions
from connector.services.notices import Notices, notices_about
from policies import instants

N = NegotiationState
KIND = "approval"
"""The kind of notice that tells how a question stands. It carries numbers and instants, and nobody's name."""
MOST_PEOPLE = 99


class Waiting(Struct, frozen=True):
    """Whom a negotiation waits for: people here (`question`, with who may still vote), or people at the peer (`told`,
    what it has said last about it)."""

    question: Question | None
    voters: tuple[str, ...] = ()
    counted: int = 0
    told: Notice | None = None


def notice_to_peer(notices: Notices) -> questions.Tell:
    """Tells a peer that takes notices how a question stands that it waits for."""

    def tell(tx: Transaction, n: Negotiation, question: Question) -> None:
        participant = tx.get(Participant, n.peer)
        if not n.peer_pid or participant is None or not participant.notices:
            return
        said = {
            "waiting": "person",
            "needed": str(question.needed),
            "given": str(questions.counted(tx, question)),
            "deadline": instants.stamp(question.deadline),
        }
        notices.tell(tx, n.peer, n.peer_pid, KIND, said)

    return tell


def heard(tx: Transaction, caller: Caller, notice: Notice) -> Mapping[str, str] | PeerError:
    """A peer tells how a question of its own stands. What it says is kept with the notice and shown; here is only
    whether it is about a negotiation with it, and can be read."""
    n = tx.get(Negotiation, notice.about)
    if n is None or n.peer != caller.id:
        return UnknownError("process.unknown")
    return MessageError("notice.unreadable") if standing_told(notice) is None else {}


def waiting_for(view: Reading, pid: str) -> Waiting | None:
    """Whom a negotiation waits for; None where nobody's decision is known to be awaited."""
    n = view.get(Negotiation, pid)
    question = view.get(Question, pid)
    if n is None:
        return None
    if question is not None and question.state is QuestionState.OPEN and questions.stands(n, question):
        voters = tuple(questions.voters(view, question))
        return Waiting(question, voters, questions.counted(view, question))
    told = _told(view, n)
    return None if told is None else Waiting(None, told=told)


def _told(view: Reading, n: Negotiation) -> Notice | None:
    """The peer's last notice about its question, while it is the peer's turn and since we have spoken last."""
    spoken = (
        {
            (Role.CONSUMER, N.REQUESTED): n.asked_at,
            (Role.CONSUMER, N.ACCEPTED): n.offered_at,
            (Role.PROVIDER, N.OFFERED): n.offered_at,
        }.get((n.role, N(n.state)))
        if n.state
        else None
    )
    if spoken is None:
        return None
    theirs = (one for one in notices_about(view, n.id) if one.kind == KIND and not one.ours and one.peer == n.peer)
    found = [one for one in theirs if (one.settled or 0) >= spoken and standing_told(one) is not None]
    return max(found, key=lambda one: one.created, default=None)


class Told(Struct, frozen=True):
    """How a question stands at the peer, as it says: people needed, people who have approved, the end (an instant)."""

    needed: int
    given: int
    deadline: int


def standing_told(notice: Notice) -> Told | None:
    """What a notice says; None where it cannot be read."""
    said = notice.params
    try:
        told = Told(int(said["needed"]), int(said["given"]), instants.instant(said["deadline"]))
    except (KeyError, ValueError):
        return None
    return told if 0 <= told.given < told.needed <= MOST_PEOPLE else None

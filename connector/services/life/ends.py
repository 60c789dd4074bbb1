"""The end of a contract inside a transaction: what is certain, what is written down, what a notice says of it.

What lives here: the parts that everybody who has to do with ends shares, and the notices that there are about one. What
does not: what a person does (`endings`), what a peer tells (`farewells`), carrying an end out (`timetable`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec.structs import replace

from connector.errors import InputError, TransitionError
from connector.ports import Clock, Transaction
from connector.records import Agreement, Entry, Notice
from connector.services.changes import Change, Changes
from connector.services.life.contracts import end_of, over
from policies import instants
from policies.model import Reason

DAY = 86_400_000_000
"""Microseconds of a day."""


class Told(StrEnum):
    """Kinds of notices about the end of a contract."""

    NOTICE = "contract.notice"
    PROPOSAL = "contract.proposal"
    CONSENT = "contract.consent"
    DECLINE = "contract.decline"
    CAUSE = "contract.cause"


class Ends:
    """What is common to all ends. `warn_days` are the days before one at which people are warned."""

    def __init__(self, *, clock: Clock, changes: Changes, warn_days: tuple[int, ...]) -> None:
        self._clock, self._changes = clock, changes
        self._steps = tuple(sorted(set(warn_days), reverse=True))

    def in_force(self, tx: Transaction, id: str) -> Agreement:
        """A contract that is not over. Raises `InputError`, `TransitionError`."""
        a = tx.get(Agreement, id)
        if a is None:
            raise InputError("agreement.unknown", id=id)
        if (why := over(a, self._clock.now())) is not None:
            raise TransitionError(why.code, **why.params)
        return a

    def set(self, tx: Transaction, a: Agreement, ends: int, why: Reason, actor: str) -> Agreement:
        """An end is certain. INVARIANT: of several the earliest counts, so it does not matter which came first."""
        if (a.ends is not None and a.ends <= ends) or not a.in_force:
            return self.keep(tx, a, "contract.ends_sooner", actor)
        after = replace(a, ends=ends, ending=why)
        after = replace(after, warned=self.passed(after, self._clock.now()))
        return self.keep(tx, after, "contract.ends", actor, ends=instants.stamp(ends), reason=why.code, **why.params)

    def keep(self, tx: Transaction, a: Agreement, event: str, actor: str, /, **params: str) -> Agreement:
        """Save, note it in the audit, and have everybody look at the contract again."""
        tx.put(a)
        tx.record(Entry(event=event, actor=actor, params={**params, "agreement": a.id, "peer": a.peer}))
        tx.after(lambda: self._changes.publish(Change("agreement", a.id)))
        return a

    def passed(self, a: Agreement, now: int) -> int:
        """How many of the warnings are due."""
        end = end_of(a)
        return 0 if end is None else sum(end - days * DAY <= now for days in self._steps)

    def next(self, a: Agreement) -> int | None:
        """When something is due about a contract that is not over."""
        end = end_of(a)
        if end is None:
            return None
        return min([end, *(end - days * DAY for days in self._steps[a.warned : a.warned + 1])])


def by_notice(notice: Notice) -> Reason:
    """Why a contract ends that was given notice of."""
    return Reason("contract.by_notice", {"text": notice.params.get("reason", "-")})


def by_agreement(notice: Notice) -> Reason:
    """Why a contract ends whose end was proposed and consented to."""
    return Reason("contract.by_agreement", {"text": notice.params.get("reason", "-")})


def instant(text: str) -> int | None:
    """An instant as a peer has written it, None where it cannot be read."""
    try:
        return instants.instant(text)
    except ValueError:
        return None


def asked_for(params: Mapping[str, str]) -> int:
    """The instant in a notice that was read before."""
    return instants.instant(params["ends"])

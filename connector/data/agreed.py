"""An agreement read for enforcement: hash checked, policy parsed and compiled, all once per stored version.

What lives here: turning a stored `Agreement` into what the gate judges by. What does not: judging (`policies.compile`,
which is `policies.evaluate` made fast), loading (the gate's transaction does, on every access), what is known of an
access (`data.known`). Source: ODRL Information Model 2.2 for the terms; RFC 8785 for the hash.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from msgspec import Struct

from connector.errors import MessageError, RefusedError
from connector.protocol.codec import digest
from connector.records import Agreement
from policies import needs
from policies.compile import Compiled, compiled
from policies.model import Deed, Policy, PolicyError, PolicyKind, atoms
from policies.operands import COUNT, PURPOSE, SPATIAL, Origin
from policies.parse import from_dsp
from policies.transforms import Chain, chain, deeds

__all__ = ["COUNT", "PURPOSE", "SPATIAL", "Agreed", "Agreements", "atoms"]

log = structlog.get_logger()
_KEPT = 4096


class Agreed(Struct, frozen=True):
    """An agreement with its policy, ready to be asked.

    `counts`: uses are numbered. `asked`: the operands whose facts have to be found, by where these come from. `stated`:
    what the permissions name by exactly one `eq` (a purpose, a legal basis), which whoever uses the agreement states by
    using it. `chain` is what is done to the data while they leave, and `done` the duties that this does. `windows`: the
    periods that a rate of requests is measured over.
    """

    agreement: Agreement
    policy: Policy
    terms: Compiled
    counts: bool
    asked: Mapping[Origin, frozenset[str]]
    stated: Mapping[str, tuple[str, ...]]
    chain: Chain | None
    done: tuple[Deed, ...]
    windows: tuple[str, ...]


class Agreements:
    """Agreements by id, read once per version.

    INVARIANT: what is remembered is used only for a stored record that equals the one it was made from, so a changed
    agreement, even by a flipped bit on disk, is checked and parsed anew.
    """

    def __init__(self) -> None:
        self._known: dict[str, Agreed] = {}

    def read(self, agreement: Agreement) -> Agreed:
        """The agreement for enforcement.

        Raises `RefusedError` with `agreement.damaged` where the document does not have the kept hash, with the parser's
        reason where its policy cannot be understood, and with `policy.failed` where reading fails in any other way.
        """
        known = self._known.get(agreement.id)
        if known is not None and (known.agreement is agreement or known.agreement == agreement):
            return known
        try:
            read = _read(agreement)
        except RefusedError:
            raise
        except Exception as error:
            # Fail closed: nothing is given away under terms that this node cannot even read.
            log.critical("agreement.unread", agreement=agreement.id, error=type(error).__name__)
            raise RefusedError("policy.failed") from None
        if len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)), None)
        self._known[agreement.id] = read
        return read


def _read(agreement: Agreement) -> Agreed:
    if _digest(agreement) != agreement.hash:
        raise RefusedError("agreement.damaged", agreement=agreement.id)
    try:
        policy = from_dsp(agreement.document, kind=PolicyKind.AGREEMENT)
        steps = chain(policy)
    except PolicyError as error:
        raise RefusedError(error.reason.code, **error.reason.params) from None
    asked = needs.asked(policy)
    return Agreed(
        agreement=agreement,
        policy=policy,
        terms=compiled(policy),
        counts=COUNT in asked.get(Origin.COUNTER, ()),
        asked=asked,
        stated=needs.stated(policy),
        chain=steps,
        done=tuple(deeds(policy.rules)) if steps is not None else (),
        windows=needs.windows(policy),
    )


def _digest(agreement: Agreement) -> str:
    try:
        return digest(agreement.document)
    except MessageError:
        return ""

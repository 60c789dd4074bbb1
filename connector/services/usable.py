"""Could this node use data under published terms? Judged once for all data that are offered under equal terms.

What lives here: what this node is and could show of itself, the verdict on one offer with its reasons, remembering
verdicts. What does not: judging an access (`policies.evaluate`), finding offers (`search`), the wording (`sentences`).
Source: ODRL Information Model 2.2; the facts are found where the provider's gate would find them.

The question is whether there is an access by this node, now or later, that the terms permit. What whoever asks states
by himself (a legal basis, a purpose where none was said) may be stated as the terms want it, and what the provider
says of the data stands in the offer because it is so. A proof that this node does not hold is not assumed, nor is what
the provider's operators may state about the world one day. Duties are taken as done: they are what using it takes.

INVARIANT: usable is only what `evaluate` permits with these facts. An operand or term that nobody here understands
makes terms unusable, whatever else they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certs import credentials, trust
from certs.vcdm import CredentialError
from connector.ports import Reading
from connector.records import HeldCredential, Statement
from policies import horizon, instants, parse, places
from policies.claims import Case, Claim, TooLargeError, cases, permits
from policies.evaluate import evaluate
from policies.facts import operand_of
from policies.model import ODRL, Access, Atomic, Deed, Policy, PolicyError, Reason, Rule, Semantics, atoms
from policies.needs import asked as needed
from policies.needs import windows
from policies.operands import DATE_TIME, PURPOSE, SPATIAL, VALUES, Origin, find
from policies.ordered import Ordered
from policies.vocabulary import OWN, READ

HOUR: Final = 3_600_000_000
"""How long a verdict stands at most, in microseconds: to the end of the hour that it was made in."""
MOST_CASES: Final = 64
"""Ways to use something that are tried under one offer."""
KEPT: Final = 20_000
_ANY: Final = "urn:allmende:any"
"""A target for terms that name none."""
_RECIPIENT: Final = ODRL + "recipient"
_RATE: Final = OWN + "requestRate"
_PAGE: Final = 100
_TIME: Final = Ordered(instants.span)
_RECURRING: Final = frozenset(OWN + name for name in ("hourOfDay", "dayOfWeek", "season"))
_TRIED: Final = (*(hour * HOUR for hour in range(169)), *(week * 7 * 24 * HOUR for week in range(2, 54)))
"""How much later another hour, day or season is looked for."""

Values = Mapping[str, tuple[str, ...]]
K = TypeVar("K")
V = TypeVar("V")


class Own(Struct, frozen=True, kw_only=True):
    """What this node is: its DID, what its credentials prove of it, what its operators state about the world, and the
    key of the place where it uses data ("" where that is not known)."""

    did: str
    proved: Values = {}
    stated: Values = {}
    place: str = ""


class Aim(Struct, frozen=True, kw_only=True):
    """What the data are wanted for: a purpose and a place of use, both IRIs and both "" where that is left open."""

    purpose: str = ""
    place: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """Could it be used? `why` is the one reason by which refusals are counted, None where it could; `reasons` say it in
    detail. `given`: what the provider has to state as well. `begins` is from when, None for now; `ends` until when.
    It was judged at `made`; `stands` is the instant from which it has to be judged again."""

    usable: bool
    why: Reason | None = None
    reasons: tuple[Reason, ...] = ()
    given: tuple[Reason, ...] = ()
    begins: int | None = None
    ends: int | None = None
    made: int = 0
    stands: int = 0


class Offered(Struct, frozen=True):
    """Terms of somebody, with the digest of what they say; `document` is one offer of them as it was seen."""

    digest: str
    document: bytes


class Usability:
    """Verdicts by the digest of terms, remembered. May be asked by several threads."""

    def __init__(self) -> None:
        self._policies: dict[str, Policy | Reason] = {}
        self._verdicts: dict[tuple[str, bytes], Verdict] = {}
        self._lock = Lock()

    def verdicts(self, offered: Iterable[Offered], own: Own, aim: Aim, now: int) -> dict[str, Verdict]:
        """The verdict on each of these terms, by its digest. Never raises for what others have written."""
        asked = msgspec.json.encode((own, aim))
        with self._lock:
            return {one.digest: self._verdict(one, own, aim, now, asked) for one in offered}

    def _verdict(self, one: Offered, own: Own, aim: Aim, now: int, asked: bytes) -> Verdict:
        known = self._verdicts.get((one.digest, asked))
        if known is None or not known.made <= now < known.stands:
            known = judge(self._policy(one), own, aim, now)
            _keep(self._verdicts, (one.digest, asked), known)
        return known

    def policy(self, one: Offered) -> Policy | Reason:
        """What the terms say, or why they are not understood."""
        with self._lock:
            return self._policy(one)

    def _policy(self, one: Offered) -> Policy | Reason:
        found = self._policies.get(one.digest)
        if found is None:
            found = read(one.document)
            _keep(self._policies, one.digest, found)
        return found


def _keep(known: dict[K, V], key: K, value: V) -> None:
    """Remember, within bounds: the oldest goes first."""
    known.pop(key, None)
    if len(known) >= KEPT:
        known.pop(next(iter(known)))
    known[key] = value


def read(document: bytes) -> Policy | Reason:
    """The policy that an offer states, or why it is not understood."""
    try:
        policy = parse.from_dsp(msgspec.json.decode(document, type=dict))
    except PolicyError as error:
        return Reason(error.reason.code, {"place": error.where, **error.reason.params})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return Reason("form.object")
    unknown = next((atom.left for atom in _atoms(policy.rules) if operand_of(atom) is None), None)
    return policy if unknown is None else Reason("operand.unknown", {"operand": unknown})


def own_facts(view: Reading, now: int) -> tuple[Values, Values]:
    """What the credentials that this node holds prove of it, in the words of those who will look at them; and what its
    operators state about the world."""
    held = [one for one in _every(view) if one.revoked is None and one.begins <= now < one.ends]
    found = [read for one in held if (read := _credential(one.token)) is not None]
    members = [one for one in found if trust.MEMBERSHIP in one.types]
    proved = {
        trust.REGION_FACT: {one.issuer for one in members},
        trust.CREDENTIAL_FACT: {kind for one in found for kind in one.types},
        trust.MUNICIPALITY_FACT: {key for one in members if isinstance(key := one.claims.get("municipalityKey"), str)},
    }
    stated = {
        one.id: one.values
        for one in view.select(Statement, after="", limit=_PAGE)
        if one.until is None or now < one.until
    }
    return {left: tuple(sorted(values)) for left, values in proved.items() if values}, stated


def _every(view: Reading) -> Iterator[HeldCredential]:
    after = ""
    while page := view.select(HeldCredential, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def _credential(token: str) -> credentials.Credential | None:
    try:
        return credentials.read(token)
    except CredentialError:
        return None


def place_of(key: str) -> str:
    """The IRI of a place by its official key; "" where it is none."""
    try:
        return places.from_digits(key)
    except ValueError:
        return ""


# --- the verdict ------------------------------------------------------------------------------------------------------


def judge(policy: Policy | Reason, own: Own, aim: Aim, now: int) -> Verdict:
    """The verdict on terms as things are at `now` (microseconds UTC)."""
    hour = (now // HOUR + 1) * HOUR
    if isinstance(policy, Reason):
        return Verdict(usable=False, why=Reason("usable.unclear"), reasons=(policy,), made=now, stands=hour)
    found = _judged(policy, own, aim, now)
    stands = min((at for at in _named(policy) if now < at < hour), default=hour)
    return replace(found, ends=horizon.end(policy), made=now, stands=stands)


def _judged(policy: Policy, own: Own, aim: Aim, now: int) -> Verdict:
    if policy.assignee not in (None, own.did):
        return Verdict(usable=False, why=Reason("usable.other_party"))
    if not horizon.can_permit(policy, now):
        ends = horizon.end(policy)
        over = ends is not None and ends <= now
        reasons = (Reason("usable.ended", {"ends": str(ends)}),) if over else ()
        return Verdict(usable=False, why=Reason("usable.over" if over else "usable.nothing"), reasons=reasons)
    tried = list(islice(_ways(policy, own, aim, now), MOST_CASES))
    permitted = [way for way in tried if way.begins is not None]
    if not permitted:
        nearest = min(tried, key=lambda way: len(way.reasons), default=_Way())
        return Verdict(usable=False, why=_kind(nearest.reasons), reasons=nearest.reasons)
    best = min(permitted, key=lambda way: (way.begins or 0, len(way.given)))
    later = best.begins is not None and best.begins > now and not best.recurring
    return Verdict(usable=True, given=best.given, begins=best.begins if later else None)


class _Way(Struct, frozen=True, kw_only=True):
    """One way to use it that was tried: from when it is permitted (None: it is not), else why not."""

    begins: int | None = None
    reasons: tuple[Reason, ...] = ()
    given: tuple[Reason, ...] = ()
    recurring: bool = False


def _ways(policy: Policy, own: Own, aim: Aim, now: int) -> Iterator[_Way]:
    """The ways that the terms leave open, each tried."""
    try:
        found: list[Case] = cases(permits(policy))
    except TooLargeError:
        found = [()]
    for case in found:
        start = _start(case, now)
        if start is not None:
            yield _try(policy, own, _values(policy, case, own, aim), start)


def _start(case: Case, now: int) -> int | None:
    """The first instant from `now` on that a case allows; None where there is none."""
    spells = _TIME.values([claim for claim in case if claim.left == DATE_TIME])
    return min((int(max(low, now)) for low, high in spells if high > now), default=None)


def _try(policy: Policy, own: Own, values: Values, start: int) -> _Way:
    """Is it permitted at `start`, or where hours, days and seasons come again, within a year of it?"""
    access = Access(READ, own.did, policy.target or _ANY, values, performed=tuple(_done(policy.rules)))
    recurring = any(atom.left in _RECURRING for atom in _atoms(policy.rules))
    reasons: list[tuple[Reason, ...]] = []
    for later in _TRIED if recurring else (0,):
        at = start + later
        agreed = replace(policy, timestamp=at) if policy.timestamp is None else policy
        decision = evaluate(agreed, access, at, semantics=Semantics.DEFERRED)
        if decision.permit:
            return _Way(begins=at, given=_given(policy, values), recurring=later > 0)
        reasons.append(decision.reasons)
    return _Way(reasons=reasons[0])


def _given(policy: Policy, values: Values) -> tuple[Reason, ...]:
    """What we state about the world and the provider has to state as well."""
    named = sorted(needed(policy).get(Origin.NODE, frozenset()) & values.keys())
    return tuple(Reason("usable.provider_states", {"operand": left}) for left in named)


def _values(policy: Policy, case: Case, own: Own, aim: Aim) -> Values:
    """The facts of an access by this node in one case: proved, stated by us, or such as the case wants them."""
    said = {left: (value,) for left, value in ((PURPOSE, aim.purpose), (SPATIAL, aim.place or own.place)) if value}
    asked = needed(policy)
    free = {*asked.get(Origin.REQUEST, ()), *asked.get(Origin.DATASET, ())} - said.keys() - {_RECIPIENT}
    found = {left: (value,) for left in free if (value := _wanted(case, left)) is not None}
    proved = {left: own.proved[left] for left in asked.get(Origin.CREDENTIAL, ()) if left in own.proved}
    stated = {left: own.stated[left] for left in asked.get(Origin.NODE, ()) if left in own.stated}
    rates = {_RATE: tuple(f"1/{window}" for window in windows(policy))}
    return {**found, **said, **proved, **stated, **rates, _RECIPIENT: (own.did,)}


def _wanted(case: Case, left: str) -> str | None:
    """A value of an operand that fits all that a case says of it."""
    claims: list[Claim] = [claim for claim in case if claim.left == left]
    return VALUES[left].witness(claims) if left in VALUES else None


def _done(rules: Iterable[Rule]) -> Iterator[Deed]:
    """Every duty, as done: by its name where it has one, and by its action."""
    for rule in rules:
        for duty in rule.duties:
            yield Deed(action=duty.action, duty=duty.id)
            yield from _done((duty,))


def _rules(rules: Iterable[Rule]) -> Iterator[Rule]:
    for rule in rules:
        yield rule
        yield from _rules(rule.below)


def _atoms(rules: Iterable[Rule]) -> Iterator[Atomic]:
    """Every constraint, those of duties and what comes of them among them."""
    for rule in _rules(rules):
        yield from atoms((*rule.constraints, *rule.refinements))


def _named(policy: Policy) -> Iterator[int]:
    """The instants at which what the terms allow may change."""
    for atom in _atoms(policy.rules):
        if atom.left == DATE_TIME:
            yield from (bound for text in atom.right for bound in instants.span(text))


# --- why not ----------------------------------------------------------------------------------------------------------

_ABOUT: Final[Mapping[str, str]] = {
    "purpose": "usable.purpose",
    "spatial": "usable.place",
    "assignee": "usable.other_party",
    "target": "usable.other_party",
    "prohibited": "usable.prohibited",
    "action": "usable.action",
    "no_permission": "usable.nothing",
    "duty": "usable.duty",
    "time": "usable.time",
    "count": "usable.count",
}
"""What a reason is about, by the first word of its code -> what is counted."""
_FROM: Final[Mapping[Origin, str]] = {
    Origin.CREDENTIAL: "usable.proof",
    Origin.NODE: "usable.world",
    Origin.CLOCK: "usable.time",
    Origin.COUNTER: "usable.count",
}


def _kind(reasons: Sequence[Reason]) -> Reason:
    """The one reason by which a refusal is counted: that of the first that says what it is about."""
    for reason in reasons:
        operand = find(reason.params.get("operand", ""))
        code = _ABOUT.get(reason.code.split(".")[0]) or (_FROM.get(operand.origin) if operand else None)
        if code is not None:
            return Reason(code)
    return Reason("usable.other")

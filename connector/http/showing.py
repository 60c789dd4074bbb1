"""Kept records as people see them: from records and service values to the Structs of `views`.

What lives here: the translation, and finding a record by the tail of its id. What does not: the shapes (`views`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct

from connector.data.delivery.deliveries import Flow
from connector.errors import InputError, UnknownError
from connector.http import deciding, lives, versions, views
from connector.ports import Store
from connector.protocol.machine import Role
from connector.protocol.messages import Dataset, JsonObject
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Asset, Frame, Notice, Operator, Participant, PolicyVersion, PublishedOffer
from connector.sentences import Language, mend, sentence
from connector.services.approval.awaited import Waiting
from connector.services.outbox import Standing
from connector.services.peers import Peers, Sighting
from connector.services.proof.audit import Noted, Verdict
from connector.services.proof.correspondence import Signers
from connector.services.watch.happenings import Happening
from policies import explain, parse
from policies.model import Comparison, PolicyError, PolicyKind, Reason

R = TypeVar("R")
_MOST_FIELDS = 1000
TAIL = 8
"""Characters of an id that are enough to name it, from its end."""
Names = Mapping[str, str]


# --- names ------------------------------------------------------------------------------------------------------------


async def full_id(given: str, store: Store, kind: type[Struct]) -> str:
    """The id of a record of this kind that `given` is, or is the end of. Raises `InputError`: too short, or the end of
    several.

    What is the end of none is returned as it is, for the service to say that there is no such thing.
    """
    if ":" in given:
        return given
    if len(given) < TAIL:
        raise InputError("name.short", id=given, least=str(TAIL))
    found = await store.read(lambda view: view.ending(kind, given))
    if len(found) > 1:
        raise InputError("name.ambiguous", id=given)
    return found[0] if found else given


async def names(peers: Peers, dids: Iterable[str]) -> Names:
    """What operators call these peers; those that were removed are left out."""
    known = {}
    for did in set(dids):
        try:
            known[did] = (await peers.get(did)).name
        except UnknownError:
            continue
    return known


async def proofs(peers: Peers, contracts: Iterable[Agreement], now: int) -> Mapping[str, frozenset[str]]:
    """Of which left operands the peers of contracts have a proof that a region vouches for."""
    found = {}
    for did in {one.peer for one in contracts}:
        try:
            found[did] = (await peers.get(did)).proved(now)
        except UnknownError:
            continue
    return found


async def chosen(query: views.ProcessQuery, peers: Peers, states: type[StrEnum]) -> dict[str, Any]:
    """What a query for processes means to `select`; a peer may be named by its name, a state in small letters.

    Raises `UnknownError` for a peer, `InputError` `input.choice` for a state or role that there is not.
    """
    wanted = {"state": _one_of("state", query.state, states), "role": _one_of("role", query.role, Role)}
    if query.peer is not None:
        wanted["peer"] = (await peers.get(query.peer)).id
    named = {name: value for name, value in wanted.items() if value is not None}
    return {"after": query.after, "limit": query.limit, **named}


def _one_of(name: str, given: str | None, kind: type[StrEnum]) -> str | None:
    if given is None:
        return None
    for one in kind:
        if given.lower() == one.lower():
            return one
    raise InputError("input.choice", place=f"?{name}", choices=", ".join(kind))


def page(items: Iterable[R], shown: Iterable[Any], limit: int) -> views.Page[Any]:
    """A page of views; there may be another one where as many were found as were asked for."""
    found = list(items)
    return views.Page(items=tuple(shown), next=str(getattr(found[-1], "id", "")) if len(found) == limit else None)


# --- reasons and policies ---------------------------------------------------------------------------------------------


def reason(given: Reason, language: Language) -> views.ReasonView:
    """A reason with its sentence."""
    return views.ReasonView(code=given.code, params=given.params, sentence=sentence(given, language))


def reason_or_none(given: Reason | None, language: Language) -> views.ReasonView | None:
    """A reason with its sentence, where there is one."""
    return None if given is None else reason(given, language)


def _sentences(
    document: Mapping[str, Any], kind: PolicyKind, language: Language, proves: frozenset[str] = frozenset()
) -> tuple[tuple[str, ...], Reason | None]:
    """A policy clause by clause, or why it is not understood."""
    try:
        return tuple(explain.policy(parse.from_dsp(dict(document), kind), language, proves)), None
    except PolicyError as error:
        return (), Reason(error.reason.code, {"place": error.where, **error.reason.params})


# --- people, peers, what is shared ------------------------------------------------------------------------------------


def operator(one: Operator) -> views.OperatorView:
    """Without the credential's hash."""
    return views.OperatorView(name=one.id, role=one.role, created=one.created)


def sighting(one: Sighting) -> views.SightingView:
    """Who answers at an address."""
    return views.SightingView(id=one.did, url=one.url, base=one.base, words=one.words, keys=tuple(one.keys))


def peer(one: Participant, regions: Names, now: int, language: Language) -> views.PeerView:
    """A peer; `regions` are the titles of those that are believed."""
    vouched = one.vouch.region if one.vouch else ""
    return views.PeerView(
        id=one.id,
        name=one.name,
        url=one.url,
        base=one.base,
        words=one.words,
        private=one.private,
        facts=one.facts,
        added=one.added,
        added_by=regions.get(one.added_by, one.added_by),
        pinned=one.pinned,
        region=regions.get(vouched, vouched),
        barred=reason_or_none(one.barred(now), language),
    )


def asset(one: Asset) -> views.AssetView:
    """An asset with the settings of its source."""
    return views.AssetView(
        id=one.id,
        name=one.name,
        kind=one.kind,
        settings=one.settings,
        title=one.title,
        description=one.description,
        media_type=one.media_type,
        created=one.created,
        created_by=one.created_by,
    )


def policy(one: PolicyVersion, genuine: bool | None, language: Language) -> views.PolicyView:
    """A policy as rules and as sentences; `genuine` as its signature is found to be."""
    return views.PolicyView(
        id=one.id,
        name=one.name,
        version=one.version,
        document=one.document,
        sentences=_sentences(one.document, PolicyKind.OFFER, language)[0],
        created=one.created,
        created_by=one.created_by,
        state=versions.state(one),
        digest=one.digest,
        template=one.template,
        reason=one.reason,
        needs=one.needs,
        approvals=versions.sanctions(one),
        signature=one.signature,
        genuine=genuine,
        signed=one.signed,
        signed_by=one.signed_by,
        retired=one.retired,
        retired_by=one.retired_by,
    )


def offer(one: PublishedOffer, language: Language) -> views.OfferView:
    """A published offer."""
    return views.OfferView(
        id=one.id,
        asset=one.asset,
        policy=one.policy,
        outside=one.outside,
        document=one.document,
        sentences=_sentences(one.document, PolicyKind.OFFER, language)[0],
        published=one.published,
        published_by=one.published_by,
        retired=one.retired,
        live=one.live,
        approval=views.ApprovalRule(persons=one.approval.persons, frame=one.approval.frame, days=one.approval.days),
        version=one.version,
        replaces=one.replaces,
        bounds=one.bounds,
        received=one.received,
    )


def frame(one: Frame, known: Names, in_force: bool) -> views.FrameView:
    """A frame contract, with its parties by name."""
    return views.FrameView(
        name=one.id,
        title=one.title,
        file_number=one.file_number,
        hash=one.hash,
        signatories=one.signatories,
        parties=one.parties,
        party_names=tuple(known.get(party, party) for party in one.parties),
        anybody=one.anybody,
        until=one.until,
        added=one.added,
        added_by=one.added_by,
        retired=one.retired,
        in_force=in_force,
    )


def happening(one: Happening, language: Language) -> views.EventView:
    """Something that people should hear of."""
    return views.EventView(
        index=one.index,
        at=one.at,
        event=one.event,
        importance=one.importance,
        params=one.params,
        sentence=sentence(Reason(one.code, one.params), language),
    )


def finding(one: Reason, language: Language) -> views.FindingView:
    """A fault with its mend."""
    return views.FindingView(
        code=one.code, params=one.params, sentence=sentence(one, language), mend=mend(one, language)
    )


def dataset(one: Dataset, language: Language) -> views.DatasetView:
    """A dataset of a peer; an offer that is not understood is shown with the reason."""
    return views.DatasetView(
        id=one.id,
        title="" if one.title is UNSET else one.title,
        description="" if one.description is UNSET else one.description,
        formats=tuple(dict.fromkeys(each.format for each in one.distribution)),
        offers=tuple(_terms(document, language) for document in one.hasPolicy),
        rows=_rows(one),
    )


def _rows(one: Dataset) -> views.AskableView | None:
    """What a peer says of rows; None where it says nothing, nothing that can be read, or too much."""
    if one.rows is UNSET:
        return None
    try:
        found = msgspec.convert(one.rows, views.AskableView)
    except msgspec.ValidationError:
        return None
    return found if len(found.fields) <= _MOST_FIELDS else None


def _terms(document: JsonObject, language: Language) -> views.TermsView:
    sentences, wrong = _sentences(document, PolicyKind.OFFER, language)
    return views.TermsView(
        id=str(document.get("@id", "")), document=document, sentences=sentences, reason=reason_or_none(wrong, language)
    )


# --- processes --------------------------------------------------------------------------------------------------------


def negotiation(
    one: Negotiation, known: Names, between: Comparison | Reason | None, waits: Waiting | None, language: Language
) -> views.NegotiationView:
    """A negotiation, with what lies between the two sides and whom it waits for."""
    return views.NegotiationView(
        id=one.id,
        peer=one.peer,
        peer_name=known.get(one.peer),
        peer_pid=one.peer_pid,
        role=one.role,
        state=one.state,
        pending=one.pending,
        version=one.version,
        dataset=one.dataset,
        asked=one.asked,
        offered=one.offered,
        differences=_differences(between, language),
        contract=str(one.agreement["@id"]) if one.agreement else None,
        replaces=one.replaces or None,
        reason=reason_or_none(one.reason, language),
        ending=reason_or_none(one.ending, language),
        waiting=deciding.waiting(one, known.get(one.peer, one.peer), waits, language),
        terms=_sentences(tabled, PolicyKind.OFFER, language)[0] if (tabled := deciding.tabled(one, waits)) else (),
        rounds=tuple(
            views.RoundView(
                role=said.role,
                at=said.at,
                sentences=_sentences(said.terms, PolicyKind.OFFER, language)[0],
                current=said not in one.earlier,
            )
            for said in deciding.rounds(one)
        ),
        created=one.created,
        updated=one.updated,
    )


def _differences(between: Comparison | Reason | None, language: Language) -> tuple[views.DifferenceView, ...]:
    match between:
        case None:
            return ()
        case Reason():
            return (views.DifferenceView(reason=reason(between, language), asked=None, offered=None),)
        case Comparison():
            return tuple(
                views.DifferenceView(reason=reason(one.reason, language), asked=one.asked, offered=one.offered)
                for one in between.differences
            )


def contract(
    one: Agreement,
    known: Names,
    signers: Signers,
    proves: frozenset[str],
    now: int,
    language: Language,
    notices: Iterable[Notice] = (),
) -> views.ContractView:
    """An agreement as rules and as sentences, who has signed it, how it stands at `now`, what was told about it.

    `proves` are the left operands of which the peer has a proof; they count where it is the user.
    """
    return views.ContractView(
        id=one.id,
        negotiation=one.negotiation,
        role=one.role,
        peer=one.peer,
        peer_name=known.get(one.peer),
        dataset=one.dataset,
        hash=one.hash,
        document=one.document,
        sentences=_sentences(
            one.document, PolicyKind.AGREEMENT, language, proves if one.role == Role.PROVIDER else frozenset()
        )[0],
        concluded=one.concluded,
        in_force=one.in_force,
        ended=reason_or_none(one.ended, language),
        signed=signed(one, known, signers, language),
        life=lives.life(one, now, language),
        notices=tuple(lives.notice(each, language) for each in notices),
    )


def signed(one: Agreement, known: Names, signers: Signers, language: Language) -> views.SignedView:
    """Who has signed a contract; whoever has not is named."""
    ours, theirs = (
        (signers.provider, signers.consumer) if one.role == Role.PROVIDER else (signers.consumer, signers.provider)
    )
    codes = {(True, True): "both", (True, False): "not_peer", (False, True): "not_us", (False, False): "neither"}
    why = Reason(f"signed.{codes[ours, theirs]}", {"peer": known.get(one.peer) or one.peer})
    return views.SignedView(provider=signers.provider, consumer=signers.consumer, sentence=sentence(why, language))


def flow(one: Flow) -> views.FlowView:
    """How the data of a transfer move."""
    return views.FlowView(**{**msgspec.structs.asdict(one), "every": one.every / 1_000_000})


def transfer(one: Transfer, known: Names, language: Language, moving: Flow | None = None) -> views.TransferView:
    """A transfer, without its address and credential."""
    return views.TransferView(
        id=one.id,
        peer=one.peer,
        peer_name=known.get(one.peer),
        peer_pid=one.peer_pid,
        role=one.role,
        state=one.state,
        pending=one.pending,
        version=one.version,
        contract=one.agreement,
        dataset=one.dataset,
        format=one.format,
        reason=reason_or_none(one.reason, language),
        ending=reason_or_none(one.ending, language),
        created=one.created,
        updated=one.updated,
        flow=None if moving is None else flow(moving),
    )


# --- the node ---------------------------------------------------------------------------------------------------------


def queue(one: Standing, known: Names, language: Language) -> views.QueueView:
    """What waits for a peer."""
    return views.QueueView(
        peer=one.peer,
        name=known.get(one.peer),
        waiting=one.waiting,
        in_flight=one.in_flight,
        oldest=one.oldest,
        attempts=one.attempts,
        reason=reason_or_none(one.reason, language),
    )


def entry(one: Noted) -> views.EntryView:
    """An audit entry."""
    return views.EntryView(
        index=one.index, at=one.at, event=one.event, actor=one.actor, params=one.params, leaf=one.leaf.hex()
    )


def verdict(one: Verdict, language: Language) -> views.VerdictView:
    """Whether the audit is whole."""
    return views.VerdictView(
        ok=one.ok,
        entries=one.entries,
        root=one.root.hex(),
        findings=tuple(reason(each, language) for each in one.findings),
        agreeing=one.agreeing,
        silent=one.silent,
    )

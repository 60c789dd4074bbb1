"""Regions, members, credentials and chains of trust as people see them: from records to the Structs of `views`.

What lives here: the translation. What does not: the shapes (`views`), finding the records (`v1`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import UNSET

from certs import credentials
from certs.trust import Link
from certs.vcdm import FOREVER, CredentialError
from connector.http import showing, views
from connector.protocol.dcp import CredentialObject
from connector.records import HeldCredential, Invite, Issued, Member, Neighbour, Region
from connector.sentences import Language, sentence
from connector.services.region.document import Listed
from connector.services.region.members import Invited
from connector.services.region.overview import Standing
from connector.services.trust.explaining import Explained
from connector.services.trust.joining import Progress, Step
from connector.services.trust.regions import Sighting
from policies.model import Reason

Titles = Mapping[str, str]
"""DID -> what people call it."""


# --- a region that this node keeps ------------------------------------------------------------------------------------


def invite(one: Invite, now: int) -> views.InviteView:
    """A place, without the hash of its code."""
    state = "done" if one.used is not None else "taken" if one.did else "late" if now >= one.until else "open"
    return views.InviteView(
        name=one.id,
        title=one.title,
        role=one.role,
        key=one.key,
        private=one.private,
        listed=one.listed,
        state=state,
        did=one.did,
        until=one.until,
        created=one.created,
        created_by=one.created_by,
    )


def invited(one: Invited, url: str, now: int) -> views.InvitedView:
    """A new place with its code."""
    return views.InvitedView(place=invite(one.invite, now), code=one.code, url=url)


def member(one: Member) -> views.MemberView:
    """A member or device."""
    return views.MemberView(
        id=one.id,
        name=one.name,
        title=one.title,
        role=one.role,
        state=one.state,
        since=one.since,
        key=one.key,
        private=one.private,
        listed=one.listed,
        reason=one.reason,
    )


def standing(one: Standing) -> views.RegionView:
    """How the region is doing."""
    return views.RegionView(
        did=one.did,
        name=one.name,
        url=one.url,
        words=one.words,
        root=one.root,
        root_key=one.root_key,
        root_ends=one.root_ends,
        nodes_end=one.nodes_end,
        devices_end=one.devices_end,
        members=one.members,
        suspended=one.suspended,
        open_places=one.open_places,
        credentials=one.credentials,
        neighbours=one.neighbours,
    )


def neighbour(one: Neighbour) -> views.VouchView:
    """A region that is vouched for."""
    return views.VouchView(
        did=one.id,
        title=one.title,
        url=one.url,
        types=one.types,
        scopes=one.scopes,
        issued=one.issued,
        issued_by=one.issued_by,
        ends=one.ends,
    )


# --- regions that are believed ----------------------------------------------------------------------------------------


def listed(one: Listed) -> views.ListedView:
    """A member that a region names."""
    return views.ListedView(did=one.did, name=one.name, title=one.title, url=one.url, key=one.key)


def sighting(one: Sighting) -> views.RegionSightingView:
    """Which region is at a place."""
    return views.RegionSightingView(
        did=one.did,
        title=one.title,
        url=one.url,
        words=one.words,
        types=one.public.types if one.public else (),
        members=tuple(map(listed, one.members)),
    )


def region(one: Region, known: Titles, language: Language) -> views.TrustView:
    """A region that is believed."""
    return views.TrustView(
        did=one.id,
        name=one.name,
        title=one.title,
        url=one.url,
        words=one.words,
        types=one.types,
        scopes=one.scopes,
        private=one.private,
        vouches=one.vouches,
        vouched_by=known.get(one.vouched_by, one.vouched_by),
        own=one.own,
        added=one.added,
        added_by=known.get(one.added_by, one.added_by),
        until=one.until,
        changed=showing.reason_or_none(one.changed, language),
    )


def progress(one: Progress, language: Language) -> views.JoinView:
    """How far joining has come."""
    return views.JoinView(
        did=one.region.id if one.region else "",
        name=one.region.name if one.region else "",
        title=one.title,
        steps=tuple(_step(step, one, language) for step in one.steps),
        joined=one.joined,
        waiting=showing.reason_or_none(one.waiting, language),
    )


def _step(step: Step, one: Progress, language: Language) -> views.JoinStepView:
    told = sentence(Reason(f"join.{step}", {"region": one.title}), language)
    return views.JoinStepView(step=step, done=step in one.done, sentence=told)


def explained(one: Explained, known: Titles, language: Language) -> views.ExplainedView:
    """Why a party is or is not trusted."""
    return views.ExplainedView(
        did=one.did,
        name=one.name,
        trusted=one.trusted,
        how=one.how,
        region=one.region,
        links=_links(one.links, known, language),
        checked=one.checked,
        until=one.until,
    )


def _links(links: Iterable[Link], known: Titles, language: Language) -> tuple[views.LinkView, ...]:
    """The links in words. What is said of one credential and of its twin in the other profile is said once."""
    shown = [_link(link, known, language) for link in links]
    return tuple({(one.ok, one.sentence): one for one in reversed(shown)}.values())[::-1]


def _link(link: Link, known: Titles, language: Language) -> views.LinkView:
    """A link in words; regions by what people call them."""
    named = {name: known.get(value, value) for name, value in link.params.items()}
    return views.LinkView(
        ok=link.ok,
        code=link.code,
        sentence=sentence(Reason(link.code, named), language),
        ends=None if link.ends >= FOREVER else link.ends,
    )


# --- credentials ------------------------------------------------------------------------------------------------------


def held(one: HeldCredential, known: Titles, now: int, *, whole: bool = False) -> views.CredentialView:
    """A credential of this node; with what it says and as it is signed where the `whole` is wanted."""
    claims: Mapping[str, object] = {}
    if whole:
        try:
            claims = credentials.read(one.token).claims
        except CredentialError:  # an older form than is read now: shown as it is signed
            claims = {}
    return views.CredentialView(
        id=one.id,
        kind=one.kind,
        issuer=one.issuer,
        issuer_name=known.get(one.issuer, one.issuer),
        profile=one.profile,
        state="early" if now < one.begins else "ended" if now >= one.ends else "good",
        begins=one.begins,
        ends=one.ends,
        received=one.received,
        claims=claims,
        token=one.token if whole else "",
    )


def offered(one: CredentialObject, issuer: str) -> views.OfferedView:
    """What an issuer says that it has."""
    kind = "" if one.credentialType is UNSET else one.credentialType
    return views.OfferedView(id=one.id, kind=kind, profile=one.known_profile() or "", issuer=issuer)


def issued(one: Issued, known: Titles, now: int) -> views.IssuedView:
    """A credential that this node's region has issued."""
    gone = "revoked" if one.revoked is not None else "suspended" if one.suspended is not None else ""
    return views.IssuedView(
        id=one.id,
        kind=one.kind,
        holder=one.holder,
        holder_name=known.get(one.holder, one.holder),
        profile=one.profile,
        state=gone or ("ended" if now >= one.ends else "good"),
        issued=one.issued,
        ends=one.ends,
        reason=one.reason,
    )

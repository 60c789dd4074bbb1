"""Whether a participant is trusted, on the word of which region, for what, until when: one pure verdict that explains.

What lives here: judging credentials whose signatures and status others have looked at (`Checked`), against the regions
that this node believes (`Anchor`), and the same for one region's word about another. What does not: any of the looking
(`credentials`, `status`, the network), participants who were pinned by hand.

A chain has links, each judged and kept with a code and parameters, so that a person can be told in words what was
checked and when it ends. One whole chain to a membership is enough; a broken one beside it contributes nothing and
takes nothing away. INVARIANT: believing more regions never takes trust, facts or scopes away, and the order of
credentials and regions changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from certs.credentials import Credential
from certs.envelopes import LEEWAY
from certs.vcdm import FOREVER

MEMBERSHIP: Final = "MembershipCredential"
"""The type of a credential by which a region says who is its member."""
VOUCHING: Final = "TrustedRegionCredential"
"""The type by which a region vouches for another; only a region that is believed for it is heard."""

REGION_FACT: Final = "urn:allmende:memberOf"
MUNICIPALITY_FACT: Final = "urn:allmende:municipalityKey"
CREDENTIAL_FACT: Final = "urn:allmende:credentialType"
"""Left operands that credentials give values to: regions, official municipality key, types of credentials."""


class Anchor(Struct, frozen=True, kw_only=True):
    """A region that is believed: for credentials of these `types`; its members may do what `scopes` name.

    `voucher` is the DID of the region on whose word it is believed until `until`, "" where an operator decided it.
    """

    issuer: str
    name: str
    types: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    voucher: str = ""
    until: int = FOREVER


class Checked(Struct, frozen=True, kw_only=True):
    """A credential, and what came of looking at it.

    `fault` is the code with which its signature was refused, "" where it is proved, `params` belong to it. `revoked` is
    what the issuer's lists say: True with the `purpose` of the list, None where one could not be had. `listed` is until
    when those lists may be used, `certified` until when the issuer's certificate lasts where it has one.
    """

    credential: Credential
    fault: str = ""
    params: Mapping[str, str] = {}
    revoked: bool | None = None
    purpose: str = ""
    listed: int = FOREVER
    certified: int = FOREVER


class Link(Struct, frozen=True):
    """One link of a chain: `what` was checked, whether it holds, a code and parameters to tell it with, until when."""

    what: str
    ok: bool
    code: str
    params: Mapping[str, str] = {}
    ends: int = FOREVER


class Verdict(Struct, frozen=True, kw_only=True):
    """What to make of a participant. `until` is when it has to be judged again; `reason` is the link that decided
    against it, None where it is trusted. `facts` are left operand IRI -> values."""

    trusted: bool
    region: str = ""
    facts: Mapping[str, tuple[str, ...]] = {}
    scopes: tuple[str, ...] = ()
    until: int
    links: tuple[Link, ...] = ()
    reason: Link | None = None


class _Chain(Struct, frozen=True):
    """The links from a credential to a region that an operator believes."""

    checked: Checked
    links: tuple[Link, ...]
    anchor: Anchor | None
    types: tuple[str, ...]
    scopes: tuple[str, ...]

    @property
    def broken(self) -> int:
        """The place of the first link that does not hold; the number of links where all do."""
        return next((place for place, link in enumerate(self.links) if not link.ok), len(self.links))

    @property
    def whole(self) -> bool:
        return self.broken == len(self.links)


def judge(did: str, checked: Sequence[Checked], anchors: Mapping[str, Anchor], now: int, recheck: int) -> Verdict:
    """What the credentials of `did` are worth under `anchors` (by issuer DID) at the instant `now`.

    A verdict is used for `recheck` microseconds at most, and never beyond the earliest end in it. All instants are
    microseconds UTC.
    """
    chains = sorted((_chain(did, one, anchors, now) for one in checked), key=_order)
    links = tuple(link for chain in chains for link in chain.links)
    good = [chain for chain in chains if chain.whole]
    members = [chain for chain in good if MEMBERSHIP in chain.types]
    if not members:
        reason = _reason(did, chains, good)
        return Verdict(trusted=False, until=now + recheck, links=links or (reason,), reason=reason)
    region = min(members, key=_preference).checked.credential.issuer
    return Verdict(
        trusted=True,
        region=region,
        facts=_facts(good, members),
        scopes=tuple(sorted({scope for chain in members for scope in chain.scopes})),
        until=min(now + recheck, *(link.ends for chain in good for link in chain.links)),
        links=links,
    )


def _order(chain: _Chain) -> tuple[str, str, str]:
    credential = chain.checked.credential
    return credential.issuer, credential.id, credential.token


def _preference(chain: _Chain) -> tuple[bool, str, str]:
    """A region that an operator chose comes before one that is vouched for; then the order of names."""
    anchor = chain.anchor
    return anchor is None or anchor.voucher != "", chain.checked.credential.issuer, chain.checked.credential.id


def _reason(did: str, chains: Sequence[_Chain], good: Sequence[_Chain]) -> Link:
    """The link that is told: the first broken one of the chain that came furthest."""
    if not chains:
        return Link("credentials", False, "trust.no_credentials", {"did": did})
    if good:
        return Link("membership", False, "trust.no_membership", {"did": did})
    furthest = max(chains, key=lambda chain: chain.broken)
    return furthest.links[furthest.broken]


def _facts(good: Sequence[_Chain], members: Sequence[_Chain]) -> dict[str, tuple[str, ...]]:
    """What whole chains say, sorted, each value once."""
    keys = {_claim(chain.checked.credential, "municipalityKey") for chain in members} - {""}
    facts = {
        REGION_FACT: tuple(sorted({chain.checked.credential.issuer for chain in members})),
        CREDENTIAL_FACT: tuple(sorted({kind for chain in good for kind in chain.types})),
    }
    return facts | {MUNICIPALITY_FACT: tuple(sorted(keys))} if keys else facts


def _claim(credential: Credential, name: str) -> str:
    """A claim that is a text, else ""."""
    value = credential.claims.get(name, "")
    return value if isinstance(value, str) else ""


def _chain(did: str, checked: Checked, anchors: Mapping[str, Anchor], now: int) -> _Chain:
    """Every link between a credential of `did` and an operator's decision, in the order in which they are told."""
    credential = checked.credential
    anchor = anchors.get(credential.issuer)
    if anchor is None:
        # Nothing that a stranger signs is looked at any further.
        return _Chain(checked, tuple(_anchored(credential, None, anchors, now)), None, (), ())
    types, scopes = _believed(anchor, anchors, credential.types)
    links = (
        *_anchored(credential, anchor, anchors, now),
        _typed(credential, types),
        _held(did, credential),
        *_looked(checked, now),
        *_belonging(credential, types),
    )
    return _Chain(checked, links, anchor, types, scopes)


def _believed(
    anchor: Anchor | None, anchors: Mapping[str, Anchor], types: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of these types an anchor is believed for, and its scopes; never more than what its voucher has."""
    if anchor is None:
        return (), ()
    wide = anchors.get(anchor.voucher) if anchor.voucher else anchor
    if wide is None:
        return (), ()
    believed = tuple(sorted(kind for kind in types if kind in anchor.types and kind in wide.types))
    return believed, tuple(scope for scope in anchor.scopes if scope in wide.scopes)


def _anchored(credential: Credential, anchor: Anchor | None, anchors: Mapping[str, Anchor], now: int) -> Iterator[Link]:
    """That the issuer is believed, and on whose word."""
    if anchor is None:
        yield Link("issuer", False, "trust.issuer_unknown", {"issuer": credential.issuer, "id": credential.id})
        return
    yield Link("issuer", True, "trust.issuer", {"issuer": anchor.issuer, "name": anchor.name})
    if not anchor.voucher:
        return
    voucher = anchors.get(anchor.voucher)
    told = {"voucher": anchor.voucher, "issuer": anchor.issuer, "name": anchor.name}
    # INVARIANT: one step. A region that is itself only vouched for vouches for nobody.
    if voucher is None or voucher.voucher or VOUCHING not in voucher.types:
        yield Link("voucher", False, "trust.voucher_unknown", told)
    elif anchor.until <= now:
        yield Link("voucher", False, "trust.voucher_ended", told | {"ended": str(anchor.until)}, anchor.until)
    else:
        yield Link("voucher", True, "trust.voucher", told | {"through": voucher.name}, anchor.until)


def _typed(credential: Credential, types: Sequence[str]) -> Link:
    told = {"types": " ".join(kind for kind in credential.types if kind != "VerifiableCredential")[:256]}
    if types:
        return Link("type", True, "trust.type", told | {"types": " ".join(types)})
    return Link("type", False, "trust.type_refused", told | {"issuer": credential.issuer})


def _held(did: str, credential: Credential) -> Link:
    told = {"did": did, "subject": credential.subject}
    if credential.subject == did:
        return Link("holder", True, "trust.holder", told)
    return Link("holder", False, "trust.holder_other", told)


def _looked(checked: Checked, now: int) -> Iterator[Link]:
    """That the credential is genuine, in force, covered by its issuer's certificate, and not taken back."""
    credential = checked.credential
    if checked.fault:
        # Nobody asks a list about what is not genuine.
        yield Link("proof", False, checked.fault, checked.params)
        yield _period(credential, now)
        return
    yield Link("proof", True, "trust.proof", {"kid": credential.kid})
    yield _period(credential, now)
    if checked.certified < credential.ends:
        ended = {"ended": str(checked.certified), "issuer": credential.issuer}
        yield Link("certificate", False, "trust.outlives_certificate", ended, checked.certified)
    yield _status(checked, now)


def _period(credential: Credential, now: int) -> Link:
    told = {"begins": str(credential.begins), "ends": str(credential.ends)}
    if now >= credential.ends:
        return Link("period", False, "trust.ended", told, credential.ends)
    if credential.begins > now + LEEWAY:
        return Link("period", False, "trust.not_begun", told, credential.ends)
    return Link("period", True, "trust.period", told, credential.ends)


def _status(checked: Checked, now: int) -> Link:
    """Not taken back, by lists that may still be used. A credential that names no list cannot be taken back."""
    credential = checked.credential
    if not credential.status:
        return Link("status", True, "trust.status_none")
    told = {"list": credential.status[0].list, "listed": str(checked.listed)}
    if checked.revoked is None:
        return Link("status", False, "trust.status_unknown", told)
    if checked.revoked:
        code = "trust.suspended" if checked.purpose == "suspension" else "trust.revoked"
        return Link("status", False, code, told, checked.listed)
    if now >= checked.listed:
        return Link("status", False, "trust.status_stale", told, checked.listed)
    return Link("status", True, "trust.status", told, checked.listed)


def _belonging(credential: Credential, types: Sequence[str]) -> Iterator[Link]:
    """That a membership is one of the region that says so; nobody makes members for another."""
    if MEMBERSHIP not in types:
        return
    region = credential.claims.get("memberOf", credential.issuer)
    if region == credential.issuer:
        yield Link("membership", True, "trust.membership", {"region": credential.issuer})
    else:
        yield Link("membership", False, "trust.membership_other", {"region": str(region)[:256]})


def vouched(checked: Checked, anchors: Mapping[str, Anchor], now: int) -> tuple[Anchor | None, tuple[Link, ...]]:
    """The region that a `VOUCHING` credential speaks for, as an anchor, or None, and the links in either case.

    It is believed for nothing that its voucher is not believed for, and does not vouch itself. The credential's claims
    are `name`, `types` and `scopes`.
    """
    credential = checked.credential
    voucher = anchors.get(credential.issuer)
    direct = None if voucher is None or voucher.voucher else voucher
    types, _ = _believed(direct, anchors, credential.types)
    links = (*_anchored(credential, direct, anchors, now), _typed(credential, types), *_looked(checked, now))
    if direct is None or VOUCHING not in types or not all(link.ok for link in links):
        return None, links
    anchor = Anchor(
        issuer=credential.subject,
        name=_claim(credential, "name") or credential.subject,
        types=_within(credential.claims.get("types"), set(direct.types) - {VOUCHING}),
        scopes=_within(credential.claims.get("scopes"), set(direct.scopes)),
        voucher=direct.issuer,
        until=min(link.ends for link in links),
    )
    return anchor, links


def _within(named: object, allowed: set[str]) -> tuple[str, ...]:
    """Those of the names that are allowed."""
    items = named if isinstance(named, list) else ()
    return tuple(sorted(allowed.intersection(item for item in items if isinstance(item, str))))

"""What searching finds, as people see it: from hits and verdicts to the Structs of `views`, terms in one sentence.

What does not live here: searching (`services.search`), the shapes (`views.search`), sentences of reasons (`sentences`).
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct

from catalog.index.forms import Entry
from connector.http import showing, views
from connector.records import SavedSearch
from connector.sentences import Language
from connector.services.quality import Quality
from connector.services.search import Known, Others, Reach, Results, Seen
from connector.services.usable import Verdict
from policies import explain
from policies.model import Policy, Reason

_LONGEST: Final = 400
"""Signs of terms in one sentence."""
_NUMBER: Final = re.compile(r"^(Erlaubnis|Permission|Verbot|Prohibition|Pflicht|Duty|Obligation) [0-9.]+: ")
_ALONE: Final = frozenset({"Erlaubnis", "Permission"})
_HEAD: Final = frozenset({"kind", "timestamp", "profile", "inherits", "remark", "target", "assigner"})
_SECOND: Final = 1_000_000


def results(found: Results, language: Language) -> views.SearchView:
    """A page of a search."""
    return views.SearchView(
        items=tuple(hit(one, language) for one in found.seen),
        next=found.next,
        total=found.total,
        capped=found.capped,
        facets=found.facets,
        also=found.also,
        reach=_reach(found.reach),
        others=None if found.others is None else _others(found.others, language),
        unjudged=found.unjudged,
        names=found.names,
    )


def hit(one: Seen, language: Language) -> views.HitView:
    """A dataset that was found."""
    found = one.hit
    return views.HitView(
        id=found.id,
        title=found.title,
        description=found.description,
        peer=found.participant,
        peer_name=one.name,
        own=one.own,
        themes=found.themes,
        formats=found.formats,
        licence=found.licence,
        access=found.access,
        places=found.places,
        modified=found.modified,
        frequency=found.frequency,
        late=_seconds(one.late),
        seen=found.seen,
        changed=found.changed,
        origin=found.origin,
        via=found.via,
        trust=found.trust,
        score=found.score,
        metres=found.metres,
        terms="" if one.terms is None else in_one_sentence(one.terms, language),
        understood=isinstance(one.terms, Policy),
        use=None if one.verdict is None else use(one.verdict, language),
        offer=one.offer,
        offers=one.offers,
        faults=_faults(found.faults, language),
    )


def known(one: Known, language: Language) -> views.KnownView:
    """A dataset as it was last seen."""
    entry: Entry = one.entry
    return views.KnownView(
        id=entry.id,
        peer=entry.participant,
        peer_name=one.name,
        metadata=_said(entry.metadata),
        formats=entry.formats,
        offers=tuple(_offered(*each, language) for each in one.offers),
        late=_seconds(one.late),
        seen=entry.seen,
        changed=entry.changed,
        origin=entry.origin,
        via=entry.via,
        trust=entry.trust,
        score=entry.score,
        faults=_faults(entry.faults, language),
    )


def saved(one: SavedSearch) -> views.SavedView:
    """A saved search."""
    return views.SavedView(
        name=one.id, query=one.query, created=one.created, created_by=one.created_by, asked=one.asked
    )


def use(one: Verdict, language: Language) -> views.UsableView:
    """Whether it could be used, and why not."""
    return views.UsableView(
        usable=one.usable,
        why=showing.reason_or_none(one.why, language),
        reasons=tuple(showing.reason(each, language) for each in one.reasons),
        given=tuple(showing.reason(each, language) for each in one.given),
        begins=one.begins,
        ends=one.ends,
    )


def quality(one: Quality, probing: bool, language: Language) -> views.QualityView:
    """How good the description of an asset is."""
    return views.QualityView(
        asset=one.asset.id,
        name=one.asset.name,
        title=one.asset.title,
        score=one.score.points,
        mends=tuple(showing.reason(each, language) for each in one.score.mends),
        violations=one.violations,
        warnings=one.warnings,
        frequency=one.frequency,
        modified=one.modified,
        due=one.due,
        late=one.late / _SECOND,
        shown=one.shown,
        probing=probing,
        addresses=one.addresses,
        looked=one.looked,
        broken=tuple(
            views.BrokenView(
                address=address, why=showing.reason_or_none(look.why, language), since=look.since, at=look.at
            )
            for address, look in one.broken
        ),
    )


def in_one_sentence(terms: Policy | Reason, language: Language) -> str:
    """What terms say, in one sentence of bounded length; or why they are not understood."""
    if isinstance(terms, Reason):
        return showing.reason(terms, language).sentence
    said = [one for one in explain.clauses(terms, language) if one.part not in _HEAD and one.text]
    if terms.assignee is None:
        said = [one for one in said if one.part != "assignee"]
    single = sum(one.depth == 0 and one.rule.startswith("permission/") for one in said) == 1
    text = ""
    for one in said:
        text += ("" if not text else " " if text.endswith(":") else "; ") + _bare(one.text, single) + _colon(one.end)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _bare(text: str, single: bool) -> str:
    """Without the number of a rule; a single permission needs no name either."""
    found = _NUMBER.match(text)
    if found is None:
        return text
    rest = text[found.end() :]
    return rest if single and found[1] in _ALONE else f"{found[1]}: {rest}"


def _colon(end: str) -> str:
    return ":" if end == ":" else ""


def _offered(id: str, terms: Policy | Reason, verdict: Verdict, language: Language) -> views.SeenOfferView:
    understood = isinstance(terms, Policy)
    return views.SeenOfferView(
        id=id,
        sentences=tuple(explain.policy(terms, language)) if isinstance(terms, Policy) else (),
        reason=None if understood or not isinstance(terms, Reason) else showing.reason(terms, language),
        use=use(verdict, language),
    )


def _others(found: Others, language: Language) -> views.OthersView:
    return views.OthersView(
        total=found.total,
        looked=found.looked,
        reasons=tuple(views.WhyView(why=showing.reason(why, language), count=count) for why, count in found.reasons),
        items=tuple(hit(one, language) for one in found.first),
    )


def _reach(found: Reach) -> views.ReachView:
    return views.ReachView(catalogs=found.catalogs, silent=found.silent, oldest=found.oldest)


def _faults(codes: tuple[str, ...], language: Language) -> tuple[views.ReasonView, ...]:
    return tuple(showing.reason(Reason(code), language) for code in codes)


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / _SECOND


def _said(metadata: Struct) -> dict[str, object]:
    """What is said, as plain JSON; what is not is left out."""
    plain = msgspec.to_builtins(metadata)
    return {name: value for name, value in plain.items() if value not in ("", None, [], {}, ())}

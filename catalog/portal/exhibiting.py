"""What is shown of a dataset of this node, to portals and to other nodes alike: what is told of it, and its terms.

What lives here: making an exhibit of it, pure. What does not: what is told (`own`), what the exhibit adds to it
(`dcat_ap_de`), records.

INVARIANT: nothing is shown of an offer that is addressed to somebody but that there is a way to the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from catalog import visibility
from catalog.graph import Node
from catalog.portal.dcat_ap_de import Exhibit, Terms
from catalog.portal.own import About, House, told
from policies.model import Policy, RuleKind

MOST_OFFERS: Final = 100
"""Offers of one dataset that anybody is shown."""
ROWS: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}
"""The forms of rows, by the names that the node's catalogue has for them."""
_LICENCE: Final = "http://purl.org/dc/terms/license@id"


class Site(Struct, frozen=True, kw_only=True):
    """Where it is shown: `root` is where the pages for people begin, "" where there are none; `endpoint` where the
    protocol is spoken. `titled`: what an offer adds has a title for people; where datasets are searched, the same
    words at each of them would only be in the way."""

    house: House
    root: str
    endpoint: str
    titled: bool = False


class Matter(Struct, frozen=True, kw_only=True):
    """What it is made of: the asset's own words, the nodes of its portrait, the terms of what is offered to everybody;
    `rows` are the names of forms in which rows of it may be asked for, `changed` (microseconds UTC) is when its owner
    last did something about it. `offered`: there is somebody who may use it."""

    about: About
    name: str
    changed: int
    nodes: tuple[Node, ...] = ()
    policies: tuple[Policy, ...] = ()
    media_type: str = ""
    rows: tuple[str, ...] = ()
    offered: bool = True


def exhibit(matter: Matter, site: Site) -> Exhibit:
    """What is shown of a dataset."""
    page = page_of(site.root, matter.name) if site.root and matter.policies else ""
    return Exhibit(
        id=matter.about.id,
        graph=told(matter.about, site.house, matter.nodes),
        page=page,
        terms=tuple(_terms(page, one) for one in matter.policies[:MOST_OFFERS]),
        changed=matter.changed,
        media_type=matter.media_type,
        media_types=tuple(ROWS[one] for one in matter.rows if one in ROWS),
        endpoint=site.endpoint if matter.offered else "",
        titled=site.titled,
    )


def page_of(root: str, name: str) -> str:
    """Where a dataset's page is, below `root`."""
    return f"{root}/datasets/{quote(name, safe='')}"


def to_everybody(policy: Policy) -> bool:
    """Does it name nobody to whom it, or a rule of it, is addressed?"""
    return visibility.addressed(policy, "") and not any(rule.assignee for rule in policy.rules)


def _terms(page: str, policy: Policy) -> Terms:
    id = policy.id or ""
    named = next((text for predicate, text in policy.remarks if predicate == _LICENCE), "")
    own = f"{page}/terms/{quote(id, safe=':')}" if page else ""
    return Terms(id=id, page=own, restricted=_restricted(policy), licence=named)


def _restricted(policy: Policy) -> bool:
    """Do the terms ask for anything?"""
    free = (
        rule.kind is RuleKind.PERMISSION and not (rule.constraints or rule.refinements or rule.duties)
        for rule in policy.rules
    )
    return not all(free)

"""Portals whose records become assets of this node, and records that are taken from files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from connector.http.views.forms import Input, Limit, Name, ReasonView, Url, View

_Said = Annotated[str, Meta(max_length=1000)]


class NewHarvest(Input, frozen=True, kw_only=True):
    """A portal to be asked every `every` seconds. `incremental`: only for changes, and whole once a week. `publisher`
    and `licence` are told of records that do not say them; `policy`: new assets are published under it. `private`: the
    portal may lie in a private network."""

    name: Name
    kind: Literal["dcat", "ckan"] = "dcat"
    url: Url
    every: Annotated[float, Meta(ge=60, le=31_536_000)] = 86_400.0
    incremental: bool = False
    publisher: _Said = ""
    licence: _Said = ""
    policy: _Said = ""
    private: bool = False


class HarvestView(View, frozen=True, kw_only=True):
    """A portal. `asked` is when it was asked last, `whole` when it was last read whole; `reason` is why the last answer
    was not: what is there stays then."""

    name: str
    kind: str
    url: str
    every: float
    settings: Mapping[str, Any]
    asked: int | None
    whole: int | None
    datasets: int
    reason: ReasonView | None
    created: int
    created_by: str


class RunHarvest(Input, frozen=True, kw_only=True):
    """Ask a portal now. `vanished` confirms that records have gone from it, however many."""

    vanished: bool = False


class ImportedView(View, frozen=True, kw_only=True):
    """What became of a record: `did` is `added`, `changed`, `same` or `refused`; `name` is its asset's."""

    id: str
    name: str
    did: str
    reason: ReasonView | None


class RunView(View, frozen=True, kw_only=True):
    """What a harvest did. `unchanged`: the portal says that nothing has changed since; `retired` counts records that
    have gone, `same` those that are as they were."""

    items: tuple[ImportedView, ...]
    added: int
    changed: int
    same: int
    refused: int
    retired: int
    unchanged: bool
    reason: ReasonView | None


class GivenRecord(Input, frozen=True, kw_only=True):
    """A record: the nodes of a graph, of which `id` is the dataset."""

    id: Annotated[str, Meta(min_length=1, max_length=2048)]
    nodes: Annotated[tuple[Mapping[str, Any], ...], Meta(max_length=10_000)]


class NewImport(Input, frozen=True, kw_only=True):
    """Records to be taken: `asset` is the one that the only record describes, else an asset is made of each. `source`
    is where they come from."""

    records: Annotated[tuple[GivenRecord, ...], Meta(min_length=1, max_length=500)]
    source: _Said = ""
    asset: _Said = ""


class NodesQuery(Input, frozen=True, kw_only=True):
    """Which nodes: `after` is the number of those that were seen."""

    after: Annotated[str, Meta(pattern=r"^[0-9]{0,9}$")] = ""
    limit: Limit = 500

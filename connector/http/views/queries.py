"""Query parameters."""

from __future__ import annotations

from connector.http.views.forms import Input, Limit, Seconds


class PageQuery(Input, frozen=True, kw_only=True):
    """Where a page begins and how long it is."""

    after: str = ""
    limit: Limit = 100


class ProcessQuery(PageQuery, frozen=True, kw_only=True):
    """Which processes to list."""

    state: str | None = None
    role: str | None = None
    peer: str | None = None


class NegotiationQuery(ProcessQuery, frozen=True, kw_only=True):
    """Which negotiations to list; `waiting`: those that are not over, with whom they wait for."""

    waiting: bool = False


class WaitQuery(Input, frozen=True, kw_only=True):
    """Long poll: answer as soon as the record is newer than `version`, or after `wait` seconds as it is."""

    wait: Seconds = 0.0
    version: int | None = None


class CatalogQuery(Input, frozen=True, kw_only=True):
    """Where a page of a peer's catalogue begins."""

    after: str = ""


class DataQuery(Input, frozen=True, kw_only=True):
    """What to fetch: a member of a folder, the purpose and place of use of this one access (IRIs), and what else it
    states: pairs `OPERAND=VALUE`, form-encoded as one text. The others are asked of the provider as they stand (OGC API
    - Features; `filter` in CQL2 text); with `explain` it says who would do which part, and gives no data."""

    member: str = ""
    purpose: str | None = None
    spatial: str | None = None
    stated: str = ""
    properties: str = ""
    filter: str = ""
    datetime: str = ""
    bbox: str = ""
    limit: int | None = None
    resolution: str = ""
    f: str = ""
    explain: bool = False


class AuditQuery(Input, frozen=True, kw_only=True):
    """Audit entries behind a leaf index."""

    after: int = -1
    limit: Limit = 100

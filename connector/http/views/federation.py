"""Reading the catalogues of others: how it goes, and which ones an operator has named."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from connector.http.views.forms import Input, Name, ReasonView, View

_Peer = Annotated[str, Meta(min_length=1, max_length=2048, description="Name or DID")]


class CrawlView(View, frozen=True, kw_only=True):
    """How reading one participant's catalogue goes: `asked` last, `seen` whole last, `changed` last, asked again `next`
    (microseconds UTC). `signed`: by a manifest, whose changes are numbered by `sequence`; else page by page. `resting`:
    it failed so often that it is hardly asked any more. `reason` is what went wrong, or was left out, last."""

    peer: str
    participant: str
    url: str
    signed: bool
    datasets: int
    sequence: int
    asked: int | None
    seen: int | None
    changed: int | None
    next: int
    failures: int
    going: bool
    resting: bool
    broker: bool
    place: str
    reason: ReasonView | None


class NewCrawl(Input, frozen=True, kw_only=True):
    """Whose catalogue is to be read now."""

    peer: _Peer


class PlaceView(View, frozen=True, kw_only=True):
    """A catalogue that an operator has named."""

    name: str
    peer: str
    participant: str
    url: str
    broker: bool
    added: int
    added_by: str


class NewPlace(Input, frozen=True, kw_only=True):
    """Read the catalogue of a peer at `url`, its DSP endpoint there; empty: where it is known to be. A `broker` may
    tell of others' datasets."""

    name: Name
    peer: _Peer
    url: Annotated[str, Meta(max_length=2048)] = ""
    broker: bool = False

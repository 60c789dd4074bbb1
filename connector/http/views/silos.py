"""Silos: systems that data are read from where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Name, ReasonView, Text, View

Collection = Annotated[str, Meta(max_length=1000)]


class SettingView(View, frozen=True, kw_only=True):
    """A setting of a kind of silo. `secret`: it names a file (`NAME_file`) or a credential of systemd
    (`NAME_credential`), never a value; `common`: silos of every kind can have it."""

    name: str
    about: str
    needed: bool
    secret: bool
    common: bool
    example: str


class KindView(View, frozen=True, kw_only=True):
    """A kind of silo. `missing` are packages that it needs and that are not there, `install` what brings them; `reason`
    says why it cannot be used at all."""

    kind: str
    settings: tuple[SettingView, ...]
    missing: tuple[str, ...]
    install: str
    reason: ReasonView | None


class NewSource(Input, frozen=True, kw_only=True):
    """A silo to read from. Settings hold no secrets, only where one lies."""

    name: Name
    kind: Name
    settings: Mapping[str, Any] = {}


class SourceChange(Input, frozen=True, kw_only=True):
    """Other settings for a silo: `settings` are set, `without` are left out, the rest stays."""

    settings: Mapping[str, Any] = {}
    without: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()


class SourceView(View, frozen=True, kw_only=True):
    """A silo. `assets` are made of it; `reason`: what was wrong when it was last asked."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    assets: tuple[str, ...]
    reason: ReasonView | None
    created: int
    created_by: str


class FieldView(View, frozen=True, kw_only=True):
    """A field of rows."""

    name: str
    kind: str
    nullable: bool


class RowsView(View, frozen=True, kw_only=True):
    """Some rows as texts, long values cut, in the order of `fields`."""

    fields: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class LookAtSource(Input, frozen=True, kw_only=True):
    """Look at one collection of a silo, or ("") at what it has."""

    collection: Collection = ""


class SeenView(View, frozen=True, kw_only=True):
    """A collection of a silo. `parts`: who would do what of a question (`silo`, `narrowed`: both, `node`). `lacks` says
    what cannot be asked of it, `reason` why it cannot be read."""

    collection: str
    title: str
    media_type: str
    fields: tuple[FieldView, ...]
    key: tuple[str, ...]
    time: str
    geometry: str
    crs: str
    licence: str
    live: bool
    snapshot: bool
    sample: RowsView | None
    parts: Mapping[str, str]
    lacks: tuple[ReasonView, ...]
    reason: ReasonView | None


class FoundView(View, frozen=True, kw_only=True):
    """What was found in a silo; of many collections the first ones are looked into."""

    collections: tuple[str, ...]
    seen: tuple[SeenView, ...]
    concerns: tuple[ReasonView, ...]


class NewSelection(Input, frozen=True, kw_only=True):
    """Share a collection of a silo as an asset: its fields are frozen now (all of them where none is named), and
    `where` (CQL2) leaves rows out for good."""

    name: Name
    collection: Collection
    fields: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=1000)] = ()
    where: Annotated[str, Meta(max_length=8000)] = ""
    title: Text = ""
    description: Text = ""


class PreviewQuery(Input, frozen=True, kw_only=True):
    """How many rows."""

    limit: Annotated[int, Meta(ge=1, le=50)] = 5

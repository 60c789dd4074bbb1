"""What is said of this node's assets beyond their titles: portraits, changed field by field.

What lives here: changing them, and judging each change by the rules of the portals before it is kept. What does not:
which property a field is (`catalog.portal.metadata`), the rules (`catalog.profile`), files of others as portraits
(`harvests`), showing them (`portal`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from catalog.graph import Graph
from catalog.model import Metadata
from catalog.portal.dcat_ap_de import Exhibit, Shelf, catalogue, dataset
from catalog.portal.metadata import change, read
from catalog.portal.own import About, House, told
from catalog.profile import Finding, Severity, check
from connector.errors import InputError
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Asset, Entry, Portrait
from connector.services.wordings import meant

MAX_BYTES: Final = 1 << 20
_TYPES: Final = {one.name: one.type for one in fields_of(Metadata)}


class Pictured(Struct, frozen=True, kw_only=True):
    """What is said of an asset: all of it with what the node adds, and what portals find wrong with that. `portrait` is
    None where its owner has said nothing."""

    asset: Asset
    portrait: Portrait | None
    metadata: Metadata
    findings: tuple[Finding, ...]


class Portraits:
    """Portraits of the assets of one node, whose public URL is `public_url`."""

    def __init__(self, *, store: Store, clock: Clock, house: House, public_url: str) -> None:
        self._store, self._clock, self._house = store, clock, house
        self._page = f"{public_url}/dcat"

    async def get(self, name: str) -> Pictured:
        """What is said of an asset, by its name or id. Raises `InputError`."""

        def look(view: Reading) -> Pictured:
            asset = _asset(view, name)
            return self._pictured(asset, view.get(Portrait, asset.id))

        return await self._store.read(look)

    async def change(self, operator: str, name: str, fields: Mapping[str, Any], *, anyway: bool = False) -> Pictured:
        """Say fields of `Metadata` of an asset anew, in the plain values of JSON; the rest stays. null takes a field
        away. Words count as the codes that they mean (`wordings`).

        Raises `InputError`: `asset.unknown`, `portrait.field` (there is none of that name), `portrait.value` (it is not
        of the field's form, or would be lost), what `wordings.meant` raises, `portrait.large`, and `portrait.wrong`
        where a portal would refuse it for something that was not wrong before, unless it is to be kept `anyway`.
        """
        said = {field: _value(field, value) for field, value in fields.items()}

        def act(tx: Transaction) -> Pictured:
            asset = _asset(tx, name)
            known = tx.get(Portrait, asset.id)
            before = self._pictured(asset, known)
            graph = change(_graph(asset, known), asset.id, said)
            _kept(read(graph, asset.id), said)
            portrait = Portrait(
                id=asset.id,
                nodes=tuple(graph.values()),
                changed=self._clock.now(),
                changed_by=operator,
                source="" if known is None else known.source,
            )
            if len(msgspec.json.encode(portrait)) > MAX_BYTES:
                raise InputError("portrait.large", name=asset.name, limit=str(MAX_BYTES))
            after = self._pictured(asset, portrait)
            if not anyway:
                _acceptable(asset, before, after)
            tx.put(portrait)
            params = {"asset": asset.id, "fields": " ".join(sorted(fields))}
            tx.record(Entry(event="portrait.changed", actor=operator, params=params))
            return after

        return await self._store.write(act)

    async def remove(self, operator: str, name: str) -> None:
        """Say of an asset what its title and the node's settings do, and no more. Raises `InputError`."""

        def act(tx: Transaction) -> None:
            asset = _asset(tx, name)
            if tx.get(Portrait, asset.id) is None:
                raise InputError("portrait.unknown", name=asset.name)
            tx.delete(Portrait, asset.id)
            tx.record(Entry(event="portrait.removed", actor=operator, params={"asset": asset.id}))

        await self._store.write(act)

    def _pictured(self, asset: Asset, portrait: Portrait | None) -> Pictured:
        about = About(id=asset.id, title=asset.title, created=asset.created, description=asset.description)
        graph = told(about, self._house, () if portrait is None else portrait.nodes)
        page = f"{self._page}/datasets/{asset.name}"
        # As it would be shown once it is offered: a form without an address is had under the offer then.
        exhibit = Exhibit(id=asset.id, graph=graph, page=page, terms=(), changed=asset.created, endpoint=page)
        shelf = Shelf(id=f"{self._page}/catalog", page=self._page, endpoint=self._page)
        shown = catalogue(shelf, self._house, [(asset.id, dataset(exhibit))])
        return Pictured(asset=asset, portrait=portrait, metadata=read(graph, asset.id), findings=check(shown))


def _value(field: str, value: Any) -> Any:
    """Raises `InputError`."""
    if field not in _TYPES:
        raise InputError("portrait.field", field=field[:80], known=", ".join(_TYPES))
    if value is None:
        return getattr(Metadata(), field)
    try:
        return meant(field, msgspec.convert(value, _TYPES[field]))
    except msgspec.ValidationError:
        raise InputError("portrait.value", field=field) from None


def _kept(after: Metadata, said: Mapping[str, Any]) -> None:
    """Raises `InputError` where something that was said could not be told, such as a day that is none."""
    for field, value in said.items():
        held = getattr(after, field)
        lost = len(held) < len(value) if isinstance(value, tuple) else bool(value) and not held
        if lost:
            raise InputError("portrait.value", field=field)


def _graph(asset: Asset, portrait: Portrait | None) -> Graph:
    return {} if portrait is None else {node["@id"]: node for node in portrait.nodes}


def _acceptable(asset: Asset, before: Pictured, after: Pictured) -> None:
    """Raises `InputError` with the first of what a portal would refuse it for and would not have before."""
    known = {replace(one, node="") for one in before.findings}
    wrong = [one for one in after.findings if one.severity is Severity.VIOLATION and replace(one, node="") not in known]
    if wrong:
        why = wrong[0].mend
        params = {**why.params, "name": asset.name, "count": str(len(wrong)), "said": why.code}
        raise InputError("portrait.wrong", **params)


def _asset(view: Reading, name: str) -> Asset:
    found = view.find(Asset, name=name) or view.get(Asset, name)
    if found is None:
        raise InputError("asset.unknown", name=name)
    return found

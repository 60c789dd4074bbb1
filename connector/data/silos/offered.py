"""What can be asked of an asset of a silo, as the catalogue tells it: fields that leave, forms, parameters.

What lives here: those, as plain JSON, from what the asset was frozen with; no silo is asked. What does not: the
catalogue (`services.offers`), a consumer's reading of it (`http.showing`).

INVARIANT: a field stands here only where it is shared and leaves under one of the offers that are shown; one that the
terms take away is not told of, by its name either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connector.data import formats
from connector.data.queries.fitting import released
from connector.data.queries.model import Field, Kind, Shape
from connector.data.queries.values import axes
from connector.data.silos import shapes
from connector.data.silos.opened import selection_of
from connector.errors import SourceError
from connector.records import Asset
from policies.model import PolicyError
from policies.transforms import Chain

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""In which system places leave, whatever the silo has: WGS 84, longitude first (RFC 7946)."""
_TIMES: Final = frozenset({Kind.INSTANT, Kind.DATE})


def rows(asset: Asset, chains: Sequence[Chain | None]) -> dict[str, Any] | None:
    """What leaves of an asset under offers that demand these chains; None where it is no asset of a silo, or nobody
    knows its fields. A field that several offers let out stands as the first of them has it."""
    if "silo" not in asset.settings:
        return None
    try:
        kept = shapes.frozen(asset.settings)
        shape = None if kept is None else shapes.chosen(kept, selection_of(asset.settings).fields)
        left = [] if shape is None else [released(shape, chain) for chain in chains]
    except (SourceError, PolicyError):
        return None
    return _told(left) if left else None


def _told(left: Sequence[Shape]) -> dict[str, Any]:
    fields: dict[str, Field] = {}
    for shape in left:
        for one in shape.fields:
            fields.setdefault(one.name, one)
    time, place = any(_has_time(one) for one in left), any(_has_place(one) for one in left)
    coarser = place or any(one.kind in _TIMES for one in fields.values())
    told = {
        "fields": [{"name": one.name, "type": one.kind.value} for one in fields.values()],
        "key": list(next((one.key for one in left if one.key), ())),
        "time": next((one.time for one in left if one.time), ""),
        "geometry": next((one.geometry for one in left if one.geometry), ""),
        "crs": CRS84 if place else "",
        "formats": [name for name, form in formats.SHORT.items() if form != formats.GEOJSON or place],
        "parameters": [
            "properties", "filter", *(["datetime"] if time else []), *(["bbox"] if place else []), "limit",
            *(["resolution"] if coarser else []), "f",
        ],
    }  # fmt: skip
    if any(one.live or (one.time and one.key) for one in left):
        told["live"] = True
    return {name: value for name, value in told.items() if value}


def _has_time(shape: Shape) -> bool:
    field = shape.field(shape.time) if shape.time else None
    return field is not None and field.kind in _TIMES


def _has_place(shape: Shape) -> bool:
    return bool(shape.geometry) or shape.features or axes(shape) is not None

"""Legends, reports of gaps and manifests as bytes, and legends put together.

What lives here: deterministic CBOR (RFC 8949, 4.2.1) of these documents behind their form byte, read strictly. What
does not: batches (`columns`), seals (`certs.cose`).
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from certs import cbor
from connector.data.readings import columns
from connector.data.readings.columns import FORM_GAPS, FORM_LEGEND, FORM_MANIFEST, Allowance
from connector.data.readings.model import MOST_FIELDS, MOST_VALUE, Batch, FormError, Gap, Gaps, Legend, Manifest

Document: TypeAlias = Batch | Legend | Gaps | Manifest
MOST_BYTES: Final = 1 << 20
"""Bytes of a document other than a batch."""
_FORMS: Final[dict[int, type[Legend] | type[Gaps] | type[Manifest]]] = {
    FORM_LEGEND: Legend,
    FORM_GAPS: Gaps,
    FORM_MANIFEST: Manifest,
}
_WEIGHTS: Final = {FORM_LEGEND: 4, FORM_GAPS: 12, FORM_MANIFEST: 12}
"""What a byte of a document counts for where what may be made is bounded: small parts take longer to read."""
_NAME: Final = 256


def encode(document: Legend | Gaps | Manifest) -> bytes:
    """The payload of a document."""
    form = next(form for form, kind in _FORMS.items() if isinstance(document, kind))
    return bytes((form,)) + cbor.dumps(msgspec.to_builtins(document, builtin_types=(bytes,)))


def decode(payload: bytes, allowance: Allowance | None = None) -> Document:
    """What a payload holds, of whatever form. Raises `FormError` `legend.form`, and as `columns.decode`."""
    return read(payload, allowance) if is_document(payload) else columns.decode(payload, allowance)


def is_document(payload: bytes) -> bool:
    """Does a payload hold anything but a batch, as its first byte says?"""
    return payload[:1] != b"" and payload[0] in _FORMS


def read(payload: bytes, allowance: Allowance | None = None) -> Legend | Gaps | Manifest:
    """The document in a payload that holds one. Raises `FormError`: `legend.form`, `batch.large`."""
    kind = _FORMS[payload[0]]
    if allowance is not None:
        allowance.spend(len(payload) * _WEIGHTS[payload[0]])
    try:
        document = msgspec.convert(cbor.loads(payload[1:], most=MOST_BYTES), kind, strict=True)
    except (cbor.CborError, msgspec.ValidationError) as error:
        raise FormError("legend.form") from error
    if (isinstance(document, Legend) and not _sound(document)) or (
        isinstance(document, Gaps) and not all(map(_possible, document.gaps))
    ):
        raise FormError("legend.form")
    return document


def _possible(gap: Gap) -> bool:
    """Can there be such a gap?"""
    numbers = (gap.number, gap.series, gap.at)
    return 0 <= min(numbers) <= max(numbers) <= MOST_VALUE and all(
        1 <= first <= last <= MOST_VALUE for first, last in gap.ranges
    )


def _sound(legend: Legend) -> bool:
    """Is nothing in it longer or larger than it may be, or said twice?"""
    numbers = (legend.number, legend.after, *dict(legend.series), *dict(legend.things))
    if not 0 <= min(numbers) <= max(numbers) <= MOST_VALUE or legend.number <= legend.after:
        return False
    names = [name for _, name in legend.things]
    for _, series in legend.series:
        if len(series.fields) > MOST_FIELDS or not all(0 <= field.places <= 18 for field in series.fields):
            return False
        own = [field.name for field in series.fields]
        if len(set(own)) != len(own):
            return False
        names += [series.name, *own]
    if not all(0 < len(name) <= _NAME for name in names):
        return False
    return len(dict(legend.series)) == len(legend.series) and len(dict(legend.things)) == len(legend.things)


def joined(known: Legend | None, *legends: Legend) -> Legend:
    """What is known once these are, one after the other, as a legend that stands alone. An older one changes nothing.

    Raises `FormError`: `legend.unknown` (it adds to one that is not known), `legend.changed` (a number means something
    else than before: INVARIANT: what has been said about a number stays).
    """
    number = known.number if known is not None else 0
    series, things = (dict(known.series), dict(known.things)) if known is not None else ({}, {})
    for more in legends:
        if more.after > number:
            raise FormError("legend.unknown")
        if any(series.setdefault(place, one) != one for place, one in more.series):
            raise FormError("legend.changed")
        if any(things.setdefault(place, one) != one for place, one in more.things):
            raise FormError("legend.changed")
        number = max(number, more.number)
    return Legend(number, 0, tuple(series.items()), tuple(things.items()))

"""A device's posts, sealed with a key of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cose, jwk
from certs.jwk import PublicKey
from connector.data.readings import columns, legends
from connector.data.readings.model import Batch, Field, Gap, Gaps, Kind, Legend, Manifest, Part, Rows, Series, Value
from connector.data.readings.ranges import Ranges

DID = "did:web:city.example:edge:box"
AIR = Series("air", (Field("pm25", "ug/m3", 1), Field("note", kind=Kind.TEXT), Field("open", kind=Kind.FLAG)))
NOON = 1_790_000_000_000_000
SECOND = 1_000_000


class Box:
    """A device with one series, `air` (number 1), and things a, b, c (numbers 1 to 3)."""

    def __init__(self, did: str = DID) -> None:
        self.did = did
        self._key = Ed25519PrivateKey.generate()
        self.kid = cose.kid_of(self._key.public_key())
        self.keys: Mapping[bytes, PublicKey] = {self.kid: jwk.of(self._key.public_key())}

    def seal(self, document: legends.Document) -> bytes:
        if isinstance(document, Batch):
            return cose.sign(self._key, self.kid, columns.encode(document))
        return cose.sign(self._key, self.kid, legends.encode(document))

    def legend(self, number: int = 1, after: int = 0, **more: tuple[tuple[int, Series], ...]) -> bytes:
        things = ((1, "a"), (2, "b"), (3, "c"))
        return self.seal(Legend(number, after, more.get("series", ((1, AIR),)), things))

    def batch(self, first: int, last: int, *, series: int = 1, legend: int = 1, span: int = 0) -> bytes:
        return self.seal(batch(first, last, series=series, legend=legend, span=span))

    def gap(self, *ranges: tuple[int, int], why: str = "full", number: int = 1) -> bytes:
        return self.seal(Gaps((Gap(number, 1, tuple(ranges), why, NOON),)))

    def manifest(self, *parts: Part) -> bytes:
        return self.seal(Manifest(parts))


def batch(first: int, last: int, *, series: int = 1, legend: int = 1, span: int = 0) -> Batch:
    """Readings with these numbers, a second apart by their number."""
    numbers = range(first, last + 1)
    values: list[list[Value]] = [
        [n * 10 for n in numbers],
        [f"note {n}" for n in numbers],
        [n % 2 == 0 for n in numbers],
    ]
    rows = Rows([NOON + n * SECOND for n in numbers], [1 + n % 3 for n in numbers], values)
    return Batch(series, legend, first, rows, span=span)


def held(*ranges: tuple[int, int]) -> Mapping[int, Ranges]:
    return {1: ranges}


def joined(messages: Sequence[bytes]) -> bytes:
    return b"".join(messages)

"""What a node tells its device: which readings go to whom under which agreement, and what is done to them beforehand.

What lives here: the document that both read, JSON in a COSE_Sign1 of the node, numbered. What does not: making it
(`connector.data.readings.ordering`), acting by it (`edge_node`). The agreements stand in it word for word, so that the
device decides by them itself, also while nobody can be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Standing(Struct, frozen=True, kw_only=True):
    """A bit in a status list that says whether a credential of a party still stands: `list` is the list's URL."""

    list: str
    index: int


class StatusBits(Struct, frozen=True, kw_only=True):
    """A status list as the node saw it: `bits` as its `encodedList` says them (multibase base64url of GZIP, W3C
    Bitstring Status List 1.0), `seen` when it was read, `until` when it says that it is not to be used any more (0: it
    does not). Instants are microseconds UTC."""

    bits: str
    seen: int
    until: int = 0


class Delivery(Struct, frozen=True, kw_only=True):
    """One consumer's contract on one series. `id` is the transfer at the provider, `policy` the agreement in the DSP
    form, `url` where the readings go and `token` what is shown there; `standing` what must not be revoked. A
    `suspended` one waits. `facts` is what the node knows where the terms ask for it, of the consumer, the data and the
    world, and what the agreement states by being used (left operand -> values). `since`: readings taken before are not
    delivered (microseconds UTC, 0: all that is kept). `ends`: when the contract is over, as far as that is certain (0:
    nobody knows). `use` is the number of the use that the node has drawn for it, 0 where it has drawn none; terms that
    count uses refuse then. `keys` are the public keys (JWK) of the consumer, which its receipts are verified with.
    """

    id: str
    agreement: str
    consumer: str
    series: str
    policy: Mapping[str, Any]
    url: str
    token: str
    concluded: int
    facts: Mapping[str, tuple[str, ...]] = {}
    since: int = 0
    ends: int = 0
    use: int = 0
    suspended: bool = False
    standing: tuple[Standing, ...] = ()
    keys: tuple[Mapping[str, Any], ...] = ()
    private: bool = False


class Release(Struct, frozen=True, kw_only=True):
    """The version of the program that the device should run: `sha256` of the package in hex, which is at `url`."""

    version: str
    url: str
    sha256: str


class Orders(Struct, frozen=True, kw_only=True):
    """All that a device is told, whole each time. `number` goes up with every change; a delivery that is not in it any
    more has ended. What a device keeps of a contract over several transfers (names and the key of pseudonyms) goes when
    the contract is none of `agreements` any more: those that it was told to deliver under and that are not over (None:
    the node does not say). `collection` are policies by series whose duties are done before anything is stored. `stale`
    is how many seconds after `issued` (microseconds UTC) nothing is decided by it any more."""

    number: int
    node: str
    device: str
    issued: int
    stale: int = 7 * 86400
    collection: Mapping[str, Mapping[str, Any]] = {}
    deliveries: tuple[Delivery, ...] = ()
    agreements: tuple[str, ...] | None = None
    lists: Mapping[str, StatusBits] = {}
    release: Release | None = None
    retired: bool = False

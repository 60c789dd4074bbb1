"""What a provider has to remember about data that left changed: secrets of pseudonyms, and what was told to whom.

What does not live here: what is done to data (`policies.transforms`), who may destroy this (`connector.data.egress`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Pseudonyms(Struct, frozen=True, kw_only=True):
    """What the pseudonyms of one agreement, whose id this has, are made with, besides the node's own secret: `salt`.
    `secret` tells that secret from another without saying what it is. When the contract ends, this is destroyed, and
    with it everybody's way from a pseudonym back."""

    id: str
    salt: bytes
    secret: str
    made: int


class Release(Struct, frozen=True, kw_only=True):
    """What one consumer was told of one dataset, in all its contracts: `division` is the digest of how the rows are
    divided, `cells` how many there are on the pages (`Cells`), `spent` of the noise budget. `version` counts its
    changes. `dataset` is a dataset or a source; with `into` everything about it is kept in the release of that id.
    Kept as long as the node."""

    id: str
    consumer: str
    dataset: str
    division: str = ""
    cells: int = 0
    spent: str = "0"
    version: int = 0
    into: str = ""


class Cells(Struct, frozen=True, kw_only=True):
    """A page of a release. `cells`: how many stood behind a cell, what was told of it, the fingerprint of its rows and
    the file of a folder that they were in, by its key; `windows`: how many cells were told of a window. Which page
    something is on is a question of its key's hash."""

    id: str
    cells: Mapping[str, tuple[int, tuple[str, ...], str, str]] = {}
    windows: Mapping[str, int] = {}

"""Data on their way: which access tokens count, what is delivered and what was received.

What does not live here: transfers (`connector.protocol.transfer`), where a consumer fetches (`Endpoint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from policies.model import Reason

Digest = bytes
"""A hash; by a name of its own, since a record that counts `bytes` hides the type of that name from itself."""


class TokenUse(Struct, frozen=True, kw_only=True):
    """Which generation of the access tokens of a transfer, whose pid this id is, is in use. `following` is when the
    access token of the next one ends, which was made and is not used yet; 0 where none was made."""

    id: str
    start: int
    renewal: int
    following: int = 0


class Delivery(Struct, frozen=True, kw_only=True):
    """What a provider has delivered under a transfer, whose pid this id is.

    `state`: `open` (something is to be delivered now, or from `due` on) or `over`. `number` counts deliveries from 1;
    of the one that is under way, `part` is the next part, `offset` where it begins, and `etag`, `size` and `sha256` say
    of what: "" before anything of it was sent. `delivered` is the ETag of the last one that was finished. `every` is
    how long after the beginning of one the next begins, in microseconds, 0 where there is one only. `begun` is when the
    present one was, `finished` when the last one ended; `done` counts those that were finished, `bytes` all that
    arrived. `reason` is why the last attempt was in vain.

    Of rows, `asof` is the time by which the present one is made and `told` the hash of what of it was acknowledged, so
    that it goes on where it broke off. Where they are delivered by their time, those before `since` have arrived, and
    the present one has those before `until` (microseconds UTC).
    """

    id: str
    agreement: str
    peer: str
    every: int = 0
    state: str = "open"
    number: int = 1
    part: int = 0
    offset: int = 0
    etag: str = ""
    size: int | None = None
    sha256: Digest = b""
    delivered: str = ""
    begun: int = 0
    due: int = 0
    finished: int = 0
    done: int = 0
    bytes: int = 0
    reason: Reason | None = None
    asof: int = 0
    told: Digest = b""
    since: int = 0
    until: int = 0


class Reception(Struct, frozen=True, kw_only=True):
    """What a consumer has received in one delivery; `id` is the transfer's pid, `#` and the number in ten digits.

    `part` is the next part, `offset` where it begins. `state`: `open`, `whole` (all of it is there and its hash is
    right) or `gone` (thrown away). `size` and `sha256` are as announced, None and empty where they were not. It takes
    the place of those before it when it is whole: `earlier` is how many were whole, `total` how many bytes they had.
    One of rows by their time has those from `since` on ("" from the first) before `until`; when it is whole it is put
    behind the one before it, in the `file` of that number (0: its own), and there is no hash of both.
    """

    id: str
    transfer: str
    number: int
    media_type: str
    etag: str = ""
    size: int | None = None
    sha256: bytes = b""
    transforms: str = ""
    part: int = 0
    offset: int = 0
    state: str = "open"
    begun: int = 0
    ended: int = 0
    earlier: int = 0
    total: int = 0
    since: str = ""
    until: str = ""
    file: int = 0


class Subscription(Struct, frozen=True, kw_only=True):
    """That what comes under a contract is put somewhere, until the contract ends: `into` a sink of this kind, with
    these settings, which hold no secret. What is asked for is `query`, as in a URL, and what the access states.

    `state`: `running`, `paused` (by a person) or `ended`. `number` counts batches that are there for good, `watermark`
    is the provider's behind the last of them, `rows` how many there are in all, `gaps` how often rows may be missing.
    `reason` is why nothing comes now, or why it has ended.
    """

    id: str
    contract: str
    into: str
    settings: Mapping[str, Any]
    created: int
    created_by: str
    query: str = ""
    purpose: str | None = None
    spatial: str | None = None
    stated: str = ""
    state: str = "running"
    number: int = 0
    watermark: str = ""
    rows: int = 0
    gaps: int = 0
    moved: int = 0
    reason: Reason | None = None

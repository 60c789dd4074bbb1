"""What is shared, under which terms, and what lets a node bind itself.

What does not live here: what an offer looks like on the wire (`catalog.dcat`), what its terms mean (`policies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from connector.protocol.messages import JsonObject


class Asset(Struct, frozen=True, kw_only=True):
    """Something that can be shared. `id` is the dataset's IRI; `kind` names the source, `settings` are its own. `facts`
    is what its owner says of the data (left operand -> values: a class of data, a resolution)."""

    id: str
    name: str
    title: str
    kind: str
    settings: Mapping[str, Any]
    created: int
    created_by: str
    description: str = ""
    media_type: str = "application/octet-stream"
    facts: Mapping[str, tuple[str, ...]] = {}


class Silo(Struct, frozen=True, kw_only=True):
    """A system that data are read from where they lie: `id` is the name that its operator gave it, `kind` its adapter.
    INVARIANT: `settings` hold no secret, only where one is to be read from (a file, a credential of systemd)."""

    id: str
    kind: str
    settings: Mapping[str, Any]
    created: int
    created_by: str


class Sanction(Struct, frozen=True, kw_only=True):
    """That somebody who has not drafted a version of a policy agrees to its use."""

    operator: str
    at: int
    reason: str = ""


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """One version of a named policy; `id` is `name@version`, `document` the rules in the DSP form.

    `digest` is the canonical SHA-256 of what it says ("" where it was kept before there was one), `template` the
    template and its version that it was made from, `reason` why it was drafted. `needs` people have to approve it, who
    are in `approvals` so far. `signature` is the node's JWS over it. `follow`: live offers under earlier versions are
    to follow as soon as it may be used.
    """

    id: str
    name: str
    version: int
    document: JsonObject
    created: int
    created_by: str
    digest: str = ""
    template: str = ""
    reason: str = ""
    needs: int = 0
    approvals: tuple[Sanction, ...] = ()
    follow: bool = False
    signature: str = ""
    signed: int | None = None
    signed_by: str = ""
    retired: int | None = None
    retired_by: str = ""

    @property
    def approved(self) -> bool:
        """Have as many agreed as have to?"""
        return len(self.approvals) >= self.needs

    @property
    def usable(self) -> bool:
        """May something be published under it?"""
        return self.approved and self.retired is None


class Statement(Struct, frozen=True, kw_only=True):
    """What this node's operators say about the world: `id` is the left operand, `values` hold until `until`."""

    id: str
    values: tuple[str, ...]
    stated: int
    stated_by: str
    until: int | None = None
    reason: str = ""


class Outside(StrEnum):
    """What the owner wants where a request lies outside the published terms."""

    COUNTER = "counter"
    ASK = "ask"
    REFUSE = "refuse"


class Approval(Struct, frozen=True, kw_only=True):
    """Who has to agree before an offer binds. With `frame` (the name of a `Frame`) it binds at once for the frame's
    parties; everybody else waits for `persons` people, none of whom has drafted the terms, for `days` at most."""

    persons: int = 1
    frame: str | None = None
    days: float = 14.0


class PublishedOffer(Struct, frozen=True, kw_only=True):
    """An asset under a policy, as published. `id` is the offer's IRI, `document` the offer as in the catalogue.

    An offer never changes: one under other terms is its next `version`, and `replaces` the one before.
    """

    id: str
    asset: str
    policy: str
    outside: Outside
    document: JsonObject
    published: int
    published_by: str
    retired: int | None = None
    live: bool = True
    approval: Approval = Approval()
    version: int = 1
    replaces: str | None = None
    bounds: str = ""
    """The owner's limits in the short form: what a request outside these terms may still be answered with."""

    received: str = ""
    """The contract under which the data came here, where they are passed on."""


class Frame(Struct, frozen=True, kw_only=True):
    """A frame contract between institutions, on paper: what lets a node bind itself at once. `id` is its short name.

    `hash` is the SHA-256 of the signed document in hex. `parties` are the DIDs it covers; `anybody` where it is a
    decision to share with all (open data). `until` is the instant from which it carries nothing new.
    """

    id: str
    title: str
    file_number: str
    hash: str
    signatories: tuple[str, ...]
    added: int
    added_by: str
    parties: tuple[str, ...] = ()
    anybody: bool = False
    until: int | None = None
    retired: int | None = None

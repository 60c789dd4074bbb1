"""What is said of an asset beyond its title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.http.views.forms import Input, View


class PortraitChange(Input, frozen=True, kw_only=True):
    """Fields of the metadata that are said anew, by name: `themes`, `keywords`, `licence`, ...; null takes one away.
    `anyway` keeps what a portal would refuse."""

    fields: Mapping[str, Any]
    anyway: bool = False


class FaultView(View, frozen=True, kw_only=True):
    """What portals find wrong: `severity` is violation or warning, `rule` its stable id, `sentence` says what helps."""

    rule: str
    severity: str
    property: str
    value: str
    sentence: str


class PortraitView(View, frozen=True, kw_only=True):
    """What is said of an asset: `metadata` by field, without those that say nothing. `source` is where it came from;
    `changed` is null where its owner has said nothing."""

    asset: str
    name: str
    metadata: Mapping[str, Any]
    findings: tuple[FaultView, ...]
    source: str
    changed: int | None
    changed_by: str

"""Transfer kinds: the formats in which data move, by their names on the wire.

Source: Dataspace Protocol 2025-1, Transfer Process Protocol, `format`; Data Plane Signaling Profiles, HTTP Transfer
Profile. The short names are Eclipse EDC's, and ours from the beginning: a consumer that names one of these gets a token
that is good as long as the transfer runs. Under the profile the token ends by itself and is renewed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

HTTP_PULL: Final = "HttpData-PULL"
HTTP_PUSH: Final = "HttpData-PUSH"
PULL_PROFILE: Final = "https://w3id.org/dspace-sig/profile/http-pull"
PUSH_PROFILE: Final = "https://w3id.org/dspace-sig/profile/http-push"

DEVICES: Final = "edge"
"""The kind of an asset that a device delivers: its settings name the `device` (DID) and the `series`."""
READINGS_PUSH: Final = "Allmende-Readings-PUSH"
"""Readings of a device, numbered and sealed by it, which the device itself delivers (`connector.data.readings`)."""

PULLS: Final = (HTTP_PULL, PULL_PROFILE)
PUSHES: Final = (HTTP_PUSH, PUSH_PROFILE, READINGS_PUSH)
OFFERED: Final = (*PULLS, HTTP_PUSH, PUSH_PROFILE)
"""What is served, as it stands in the catalogue."""


def offered(kind: str) -> tuple[str, ...]:
    """In which formats an asset of this kind is served."""
    return (READINGS_PUSH,) if kind == DEVICES else OFFERED


def is_push(format: str) -> bool:
    """Does the provider deliver?"""
    return format in PUSHES


def best_pull(offered: Collection[str]) -> str:
    """In which format a consumer of ours fetches what is offered in these."""
    return PULL_PROFILE if PULL_PROFILE in offered else HTTP_PULL


def best_push(offered: Collection[str]) -> str:
    """In which format a consumer of ours has delivered what is offered in these; "" where nobody delivers it."""
    return next((one for one in reversed(PUSHES) if one in offered), "")

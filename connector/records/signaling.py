"""Planes of others, and the data flows that a control plane has somebody else's data plane do.

What does not live here: a flow on the side of the data plane (`connector.protocol.dataflow`), calls and endpoints.
Source: Eclipse Data Plane Signaling 1.0-RC3, Registration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from connector.protocol.signaling import FlowState
from policies.model import Reason


class Plane(Struct, frozen=True, kw_only=True):
    """A data plane that we drive, or a control plane that drives us. `id` is its own id and our name for it.

    `endpoint` is the base URL of its signaling API. `authorization` says how it proves itself to us and we to it: its
    `type`, and references to secrets (`NAME_file`, `NAME_credential`), never a secret. `profiles` are what it serves.
    `private` allows addresses in private networks. `agreements` is where a control plane gives agreements that has no
    endpoint of the protocol for them: a URL with `{agreement}` and `{process}` in it; a `key` in the authorization is
    shown there as X-Api-Key.
    """

    id: str
    endpoint: str
    authorization: Mapping[str, Any]
    added: int
    added_by: str
    profiles: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    private: bool = False
    agreements: str = ""


class Due(Struct, frozen=True):
    """A signal that has still to be given, with its message's id, which stays the same however often it is sent.
    `address` is a sealed data address that goes with it. `after` is the instant before which it is not given, and
    makes way for whatever else becomes due; `wait` is how many seconds that was."""

    signal: str
    message: str
    address: bytes = b""
    reason: str = ""
    after: int = 0
    wait: float = 0


class Flow(Struct, frozen=True, kw_only=True):
    """What a data plane does for a transfer of ours; `id` is the transfer's pid.

    `flow` is the data plane's id of it ("" while unknown), `state` where it stands as far as the data plane has said,
    `due` the signals that have still to be given, in order; `waiting` is what it is found by while there are some.
    `address` is the sealed data address that the data plane has given last. `resuming`: the transfer is to be started
    again as soon as the data plane is. `error` is what the data plane has said went wrong: for people alone.
    """

    id: str
    plane: str
    profile: str
    created: int
    updated: int
    state: FlowState = FlowState.INITIALIZED
    flow: str = ""
    due: tuple[Due, ...] = ()
    waiting: bool = False
    address: bytes = b""
    resuming: bool = False
    error: Reason | None = None

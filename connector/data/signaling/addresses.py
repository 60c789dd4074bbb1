"""Data addresses of flows: those that a control plane hands us, read; those that we hand out, made.

What lives here: which address belongs to which flow, and what the profiles demand of it. What does not: tokens
(`data.tokens`), keeping an address. Source: Data Plane Signaling Profiles, HTTP Transfer Profile and Token Renewal.

Under the profile a consumer of ours takes only an address whose access token can be renewed: one that ends while data
are fetched, and cannot be, would end the flow with it. Whoever runs a laboratory uses plain HTTP on loopback.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import UNSET, Struct, UnsetType

from connector.config import is_loopback
from connector.data.address import Addresses
from connector.data.tokens import Tokens
from connector.errors import MessageError
from connector.protocol.dataflow import DataFlow
from connector.protocol.machine import Role
from connector.protocol.messages import DataAddress, EndpointProperty
from connector.protocol.signaling import HTTP_PULL, HTTP_PUSH, Direction, properties_of
from connector.services.addresses import data_address, destination

_PLACE = "/dataAddress"


class Told(Struct, frozen=True):
    """An address of the other side: a URL, what goes with it, and how long its access token lives (seconds, 0: it says
    nothing)."""

    url: str
    kind: str
    properties: dict[str, str]
    life: int = 0


class FlowAddresses:
    """Makes the addresses of flows that are served or received here."""

    def __init__(self, addresses: Addresses, tokens: Tokens) -> None:
        self._addresses, self._tokens = addresses, tokens

    def of(self, flow: DataFlow) -> DataAddress | UnsetType:
        """What the other side needs of us for this flow: where to fetch, where to deliver; UNSET where nothing.

        Each state that a flow comes to has a version of its own, so an address that is handed out after a resume
        belongs to a later generation of tokens.
        """
        if flow.role is Role.PROVIDER and flow.direction is Direction.PULL:
            return self._addresses.opened(flow.id, flow.version)
        if flow.role is Role.CONSUMER and flow.direction is Direction.PUSH:
            return self._inbox(flow)
        return UNSET

    def _inbox(self, flow: DataFlow) -> DataAddress:
        made = self._addresses.inbox(flow.id, HTTP_PUSH)
        properties = {**properties_of(made), "authorization": self._tokens.inbox(flow.id)}
        named = tuple(EndpointProperty(name=name, value=value) for name, value in properties.items())
        return DataAddress(endpointType=HTTP_PUSH, endpoint=made.endpoint, endpointProperties=named)


def given(
    flow: DataFlow, address: DataAddress | UnsetType, *, needed: bool = False, echoed: bool = False
) -> Told | None:
    """The address that a control plane hands us for a flow; None where there is none and none is needed. `echoed`: it
    may be our own, handed back (Eclipse EDC does that when it resumes), and says nothing then.

    Raises `MessageError` where one is there that must not be, one is missing, or it is none of its profile.
    """
    ours = (flow.role is Role.PROVIDER) == (flow.direction is Direction.PULL)
    if address is UNSET:
        if needed and not ours:
            raise MessageError("message.missing", place=_PLACE)
        return None
    if ours and echoed:
        return None
    if ours:
        raise MessageError("flow.address_given", place=_PLACE)
    return _pushed(address) if flow.role is Role.PROVIDER else _pulled(address)


def _pushed(address: DataAddress) -> Told:
    said = destination(address, HTTP_PUSH)
    _safe(address.endpointType == HTTP_PUSH, said.url)
    return Told(said.url, address.endpointType, dict(said.properties))


def _pulled(address: DataAddress) -> Told:
    said = data_address(address)
    if said is None:
        raise MessageError("message.missing", place=f"{_PLACE}/endpoint")
    url, properties = said
    of_profile = address.endpointType == HTTP_PULL
    _safe(of_profile, url)
    life = properties.get("expiresIn", "")
    renewable = bool(properties.get("refreshToken")) and life.isascii() and life.isdecimal() and len(life) <= 9
    if of_profile and not renewable:
        raise MessageError("flow.not_renewable", place=f"{_PLACE}/endpointProperties")
    if "authorization" in properties and properties.get("authType", "bearer").lower() not in ("bearer", "bare"):
        raise MessageError("flow.auth_type", place=f"{_PLACE}/endpointProperties")
    return Told(url, address.endpointType, properties, int(life) if renewable else 0)


def _safe(of_profile: bool, url: str) -> None:
    """Raises `MessageError` where an address of the profile is not https: such a one must be refused."""
    parts = urlsplit(url)
    if of_profile and parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise MessageError("flow.plain", place=f"{_PLACE}/endpoint")

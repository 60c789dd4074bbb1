"""Addresses that a peer gives us: read before anything is sent there.

What lives here: the form of a callback address, and whose it may be; what a data address says, and where none may be.
What does not: whether the host may be connected to: the client checks that after resolution, right before connecting
(`connector.http.client`).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import UNSET, Struct, UnsetType

from connector.errors import MessageError
from connector.ports import Reading
from connector.protocol.messages import DataAddress
from connector.records import Participant
from connector.services.formats import PUSH_PROFILE
from policies import durations

MAX_LENGTH = 2048
EDC = "https://w3id.org/edc/v0.0.1/ns/"
"""Where Eclipse EDC's names for the parts of a data address are from."""
AUTH_TYPE, BARE = "authType", "bare"
EVERY = "urn:allmende:every"
"""The property by which a consumer asks for a delivery again and again: a duration (xsd)."""
_LEAST, _MOST = 1_000_000, 366 * 86_400 * 1_000_000
_PUSHED = frozenset({"authorization", AUTH_TYPE, "contentType", EVERY, "type", "endpoint", "endpointType"})
"""What may be said of a place to deliver to."""


class Destination(Struct, frozen=True):
    """Where data are to be delivered, with which properties; `every` is how long after the beginning of a delivery the
    next one begins (microseconds), 0 where there is to be one."""

    url: str
    properties: Mapping[str, str]
    every: int = 0


def callback(address: str) -> str:
    """A callback address without its trailing slash.

    Raises `MessageError` where it is not an absolute http(s) URL, or carries user info, a query or a fragment.
    """
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises ValueError where it is no number
    except ValueError:
        raise MessageError("message.callback", place="/callbackAddress") from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password or "@" in parts.netloc)
    if len(address) > MAX_LENGTH or parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise MessageError("message.callback", place="/callbackAddress")
    return address.rstrip("/")


def callback_of(view: Reading, peer: str, address: str) -> str:
    """The callback address that `peer` gives, as `callback`.

    Raises `MessageError` also where a participant that nobody here has looked at wants to be answered at another host
    than the one where its DID document has it: we would knock at somebody else's door in its name.
    """
    read, known = callback(address), view.get(Participant, peer)
    if known is not None and not known.pinned and _origin(read) not in (_origin(known.base), _origin(known.url)):
        raise MessageError("message.callback_elsewhere", place="/callbackAddress")
    return read


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def no_destination(address: DataAddress | UnsetType) -> None:
    """Return if what a request says of an address for the data is no more than of which type it would be.

    Such data are fetched: a place, or a secret by name, that were ignored would be believed to count. Raises
    `MessageError`.
    """
    if address is UNSET:
        return
    named = () if address.endpointProperties is UNSET else address.endpointProperties
    if address.endpoint is not UNSET or any(one.name not in ("type", EDC + "type") for one in named):
        raise MessageError("message.data_address", place="/dataAddress")


def data_address(address: DataAddress) -> tuple[str, dict[str, str]] | None:
    """Where the data of a transfer are to be had and with which properties; None where it says no place.

    Eclipse EDC writes names of its own, with the endpoint among the properties, and takes its token only as it stands,
    whatever it says the `authType` is: such an address comes back with `authType` `BARE`.
    """
    given = _listed(address)
    properties = {name: value for name, value in given.items() if not name.startswith(EDC)}
    edc = {name.removeprefix(EDC): value for name, value in given.items() if name.startswith(EDC)}
    if "authorization" in edc and "authorization" not in properties:
        properties |= {**edc, AUTH_TYPE: BARE}
    endpoint = edc.get("endpoint", "") if address.endpoint is UNSET else address.endpoint
    return (endpoint, properties) if endpoint else None


def _listed(address: DataAddress | UnsetType) -> dict[str, str]:
    if address is UNSET or address.endpointProperties is UNSET:
        return {}
    return {one.name: one.value for one in address.endpointProperties}


def destination(address: DataAddress | UnsetType, format: str) -> Destination:
    """Where a consumer wants data delivered that it asks for in this format.

    Raises `MessageError` where it says no place, one that is no http(s) URL of a host, or more about it than is
    understood here: a secret by name, above all, is never looked up. Under the profile what else is said is ignored, as
    it wants it.
    """
    said = None if address is UNSET else data_address(address)
    if said is None:
        raise MessageError("message.destination", place="/dataAddress")
    url, known = said[0], {name.removeprefix(EDC): value for name, value in _listed(address).items()}
    if not is_place(url) or (format != PUSH_PROFILE and not known.keys() <= _PUSHED):
        raise MessageError("message.destination", place="/dataAddress")
    kept = {name: value for name, value in known.items() if name in ("authorization", AUTH_TYPE)}
    return Destination(url, kept, interval(known.get(EVERY, "")))


def is_place(url: str) -> bool:
    """Is it an http(s) URL of a host that nothing but data would be sent to?"""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError where it is no number
    except ValueError:
        return False
    plain = not (parts.fragment or parts.username or parts.password or "@" in parts.netloc)
    return len(url) <= MAX_LENGTH and parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def interval(text: str) -> int:
    """How often something is to be delivered, in microseconds; 0 where nothing is said. Raises `MessageError`."""
    if not text:
        return 0
    try:
        months, rest = durations.length(durations.read(text))
    except ValueError:
        raise MessageError("message.every", place="/dataAddress") from None
    if months or not _LEAST <= rest <= _MOST:
        raise MessageError("message.every", place="/dataAddress")
    return rest

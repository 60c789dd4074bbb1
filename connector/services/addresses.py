"""Addresses that a peer gives us: read before anything is sent there.

What lives here: the form of a callback address, and whose it may be; what a data address says, and where none may be.
What does not: whether the host may be connected to: the client checks that after resolution, right before connecting
(`connector.http.client`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from connector.errors import MessageError
from connector.ports import Reading
from connector.protocol.messages import DataAddress
from connector.records import Participant

MAX_LENGTH = 2048
EDC = "https://w3id.org/edc/v0.0.1/ns/"
"""Where Eclipse EDC's names for the parts of a data address are from."""
AUTH_TYPE, BARE = "authType", "bare"


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

    Data is fetched here and never pushed: a place, or a secret by name, that were ignored would be believed to count.
    Raises `MessageError`.
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
    listed = address.endpointProperties
    given = {} if listed is UNSET else {one.name: one.value for one in listed}
    properties = {name: value for name, value in given.items() if not name.startswith(EDC)}
    edc = {name.removeprefix(EDC): value for name, value in given.items() if name.startswith(EDC)}
    if "authorization" in edc and "authorization" not in properties:
        properties |= {**edc, AUTH_TYPE: BARE}
    endpoint = edc.get("endpoint", "") if address.endpoint is UNSET else address.endpoint
    return (endpoint, properties) if endpoint else None

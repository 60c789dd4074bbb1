"""Where the data of a transfer is to be had: the data address that a start message carries.

What lives here: making the address, and putting the credential into it at the moment of sending. What does not: the
credential itself (`data.gate`). Source: Dataspace Protocol 2025-1, Transfer Process Protocol, data address.

The same is said twice: in the fields and names of the protocol, and in the names of Eclipse EDC, which finds nothing in
an address that has not got them.
"""

from __future__ import annotations

from collections.abc import Callable

from connector.protocol.messages import DataAddress, EndpointProperty
from connector.protocol.paths import segment
from connector.protocol.transfer import TRANSFER, Move, Transfer
from connector.records import Outgoing
from connector.services.addresses import EDC

HTTP = "https://w3id.org/idsa/v4.1/HTTP"
_CREDENTIAL = b"urn:allmende:credential"
"""Stands in the store where the credential goes; no secret is kept there."""


class Addresses:
    """Makes data addresses below `root`; `credential` is the gate's."""

    def __init__(self, root: str, credential: Callable[[str], str]) -> None:
        self._root, self._credential = root, credential

    def address(self, transfer: Transfer) -> DataAddress:
        """The address of a transfer, its credential left open."""
        endpoint = f"{self._root}/{segment(transfer.id)}"
        access = {"authorization": _CREDENTIAL.decode(), "authType": "bearer"}
        for_edc = {f"{EDC}{name}": value for name, value in {"endpoint": endpoint, **access}.items()}
        return DataAddress(
            endpointType=HTTP,
            endpoint=endpoint,
            endpointProperties=tuple(
                EndpointProperty(name=name, value=value) for name, value in {**access, **for_edc}.items()
            ),
        )

    def fill(self, item: Outgoing) -> bytes:
        """The body of a message as it goes out. The same each time, since the credential is made from the pid."""
        if (item.process, item.move) != (TRANSFER.name, Move.START):
            return item.body
        return item.body.replace(_CREDENTIAL, self._credential(item.pid).encode())

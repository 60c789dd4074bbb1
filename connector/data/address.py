"""Where the data of a transfer are to be had, or delivered to: the data addresses that our messages carry.

What lives here: making an address, and putting the tokens into it at the moment of sending. What does not: the tokens
themselves (`data.tokens`), reading what others send (`services.addresses`). Source: Dataspace Protocol 2025-1, Transfer
Process Protocol, data address; Data Plane Signaling Profiles, HTTP Transfer Profile and Token Renewal.

In the older format the same is said twice: in the fields and names of the protocol, and in the names of Eclipse EDC,
which finds nothing in an address that has not got them. Under the profile it is said once, in the profile's names.

INVARIANT: no secret is in the address that is stored; a place for it stands there, and only as a property's value: what
a peer has chosen (a pid) is a value of other members, and never becomes a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from connector.data.tokens import SECOND, Generation, Tokens
from connector.protocol.messages import DataAddress, EndpointProperty
from connector.protocol.paths import segment
from connector.protocol.transfer import TRANSFER, Move, Transfer
from connector.records import Outgoing
from connector.services.addresses import EDC, EVERY
from connector.services.formats import PULL_PROFILE, is_push

HTTP = "https://w3id.org/idsa/v4.1/HTTP"
DATA, RENEWAL, INBOX = "/data", "/tokens", "/inbox"
"""Below the public URL: where data are fetched, tokens renewed, data delivered."""
_LASTING, _INBOX = "urn:allmende:credential", "urn:allmende:inbox"
_PLACE = re.compile(rb'"value":"urn:allmende:(credential|inbox|access|refresh)(?:[.]([0-9]+)[.]([0-9]+))?"')


class Addresses:
    """Makes data addresses below `root`, the public URL."""

    def __init__(self, root: str, tokens: Tokens) -> None:
        self._root, self._tokens = root, tokens

    def address(self, transfer: Transfer) -> DataAddress | UnsetType:
        """Where the consumer of a transfer fetches, its tokens left open; UNSET where we deliver.

        Each address that is handed out under the profile begins a generation of its own, by the version of the
        record: nobody has to look up which was the last.
        """
        if is_push(transfer.format):
            return UNSET
        endpoint = f"{self._root}{DATA}/{segment(transfer.id)}"
        if transfer.format != PULL_PROFILE:
            access = {"authorization": _LASTING, "authType": "bearer"}
            for_edc = {f"{EDC}{name}": value for name, value in {"endpoint": endpoint, **access}.items()}
            return _address(HTTP, endpoint, {**access, **for_edc})
        series = f"{transfer.version + 1}.{self._tokens.ending() // SECOND}"
        properties = self._renewable(transfer.id, f"urn:allmende:access.{series}", f"urn:allmende:refresh.{series}")
        return _address(PULL_PROFILE, endpoint, properties)

    def opened(self, pid: str, start: int) -> DataAddress:
        """The address of a data flow that another control plane has started, with its tokens in it: nothing of ours is
        kept about it, and nothing needs to be. `start` grows with each address that is handed out for the flow."""
        pair = self._tokens.pair(pid, Generation(start), self._tokens.ending())
        properties = self._renewable(pid, pair.access, pair.refresh)
        return _address(PULL_PROFILE, f"{self._root}{DATA}/{segment(pid)}", properties)

    def inbox(self, pid: str, format: str, *, to: str = "", every: str = "") -> DataAddress:
        """Where the provider delivers what is for us under the transfer `pid`: into our inbox, or `to` an application,
        which gets the same token to tell callers by. `every` asks for a delivery that often (a duration of xsd)."""
        properties = {"authorization": _INBOX, "authType": "bearer", **({EVERY: every} if every else {})}
        return _address(format, to or f"{self._root}{INBOX}/{segment(pid)}", properties)

    def fill(self, item: Outgoing) -> bytes:
        """The body of a message as it goes out. The same each time, since tokens are made from what stands in it."""
        if item.process != TRANSFER.name or item.move not in (Move.START, Move.REQUEST):
            return item.body
        return _PLACE.sub(lambda found: b'"value":"' + self._token(item.pid, found).encode() + b'"', item.body)

    def _token(self, pid: str, found: re.Match[bytes]) -> str:
        what, start, ending = found[1], int(found[2] or 0), int(found[3] or 0)
        match what:
            case b"access":
                return self._tokens.access(pid, Generation(start), ending * SECOND)
            case b"refresh":
                return self._tokens.refresh(pid, Generation(start))
            case b"inbox":
                return self._tokens.inbox(pid)
            case _:
                return self._tokens.lasting(pid)

    def _renewable(self, pid: str, access: str, refresh: str) -> Mapping[str, str]:
        return {
            "authorization": access,
            "authType": "bearer",
            "refreshToken": refresh,
            "expiresIn": str(max(1, round(self._tokens.life))),
            "refreshEndpoint": f"{self._root}{RENEWAL}/{segment(pid)}",
        }


def _address(kind: str, endpoint: str, properties: Mapping[str, Any]) -> DataAddress:
    named = tuple(EndpointProperty(name=name, value=value) for name, value in properties.items())
    return DataAddress(endpointType=kind, endpoint=endpoint, endpointProperties=named)

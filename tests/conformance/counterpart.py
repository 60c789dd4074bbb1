"""A small counterpart in Python that says what a scenario tells it to say, and checks what it hears.

What lives here: one process seen from the other side, over calls instead of HTTP. What does not: the scenarios
(`test_scenarios`), the node under test (`tests.harness.scripted`). It writes as the official kit does: bare UUIDs as
pids, an `@id` in every message, empty answers to everything but a first message, no content type.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from connector.errors import DeliveryError
from connector.http.exchange import Request, Response
from connector.ports import Reply, Stream
from connector.protocol import codec, messages, paths
from connector.protocol.machine import Role
from connector.protocol.messages import CONTEXT, JsonObject
from connector.protocol.negotiation import Move as NegotiationMove
from connector.protocol.transfer import Move as TransferMove
from tests.harness.script import KIT, offer_id
from tests.harness.scripted import USE, ScriptedNode, agreement

ADDRESS = "http://counterpart.example/dsp"
PATIENCE = 60.0
"""Virtual seconds for something to be heard."""
KINDS: Mapping[str, tuple[str, str]] = {
    "request": ("ContractRequestMessage", "TransferRequestMessage"),
    "offer": ("ContractOfferMessage", ""),
    "accept": ("ContractNegotiationEventMessage", ""),
    "agree": ("ContractAgreementMessage", ""),
    "verify": ("ContractAgreementVerificationMessage", ""),
    "finalize": ("ContractNegotiationEventMessage", ""),
    "terminate": ("ContractNegotiationTerminationMessage", "TransferTerminationMessage"),
    "start": ("", "TransferStartMessage"),
    "suspend": ("", "TransferSuspensionMessage"),
    "complete": ("", "TransferCompletionMessage"),
}
EVENTS = {"accept": "ACCEPTED", "finalize": "FINALIZED"}


class Ears:
    """The Peer port of the node under test: whatever it sends is heard here and acknowledged."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, JsonObject]] = asyncio.Queue()
        self.pid = str(uuid.uuid4())

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
    ) -> Reply:
        """Keep the message; answer a first one with our pid, the rest with nothing."""
        message = msgspec.json.decode(body or b"{}")
        path = urlsplit(url).path
        if path.endswith("/heads"):
            return Reply(404, b"")
        self.heard.put_nowait((path, message))
        if not path.endswith(("/negotiations/request", "/transfers/request")):
            return Reply(200, b"")
        kind = "ContractNegotiation" if "/negotiations/" in path else "TransferProcess"
        pids = {"providerPid": self.pid, "consumerPid": message["consumerPid"]}
        ack = {"@context": [CONTEXT], "@type": kind, "@id": str(uuid.uuid4()), **pids, "state": "REQUESTED"}
        return Reply(200, msgspec.json.encode(ack))

    async def open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        private: bool = False,
        deadline: float | None = None,
        method: str = "GET",
    ) -> Stream:
        """No scenario moves data."""
        raise DeliveryError("peer.unreachable", url=url)


class Counterpart:
    """One side of one process; the scripted node is the other."""

    def __init__(self, scripted: ScriptedNode, ears: Ears, key: str, role: Role, *, transfer: bool) -> None:
        self._scripted, self._ears, self._key, self._role, self._transfer = scripted, ears, key, role, transfer
        self._theirs = ""

    # --- what a scenario is made of -----------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Make the node send its request, and hear it."""
        if self._transfer:
            self._theirs = await self._scripted.transfer(ADDRESS, self._key)
        else:
            self._theirs = await self._scripted.negotiate(ADDRESS, self._key, f"offer{self._key}")
        await self.hear("request")

    async def hear(self, move: str) -> None:
        """Wait for the node's message, which has to be this one, well-formed and addressed to our pid."""
        path, message = await asyncio.wait_for(self._ears.heard.get(), PATIENCE)
        assert message["@type"] == KINDS[move][self._transfer], f"heard {message['@type']} instead of {move}"
        if move in EVENTS:
            assert message["eventType"] == EVENTS[move]
        kind = codec.decode(msgspec.json.encode(message), _struct(message["@type"]))
        assert kind is not None
        if not path.endswith(("/negotiations/request", "/transfers/request")):
            assert unquote(path).split("/")[3] == self._ears.pid, path

    async def say(self, move: str) -> None:
        """Send a message that the node has to acknowledge."""
        response = await self._post(move)
        assert 200 <= response.status < 300, (move, response.status, response.body)
        if not self._theirs:
            ack = msgspec.json.decode(response.body)
            self._theirs = ack["consumerPid" if self._role is Role.PROVIDER else "providerPid"]

    async def be_refused(self, move: str) -> None:
        """Send a message that the node has to refuse: 4xx, but not as if it did not know the process."""
        before = await self.state()
        response = await self._post(move)
        assert 400 <= response.status < 500, (move, response.status, response.body)
        assert response.status != 404
        refusal = msgspec.json.decode(response.body)
        assert refusal["@type"] == ("TransferError" if self._transfer else "ContractNegotiationError")
        assert await self.state() == before

    async def state(self) -> str:
        """Where the node says the process stands, once what is under way has arrived."""
        await asyncio.sleep(0.05)
        path = paths.transfer_state(self._theirs) if self._transfer else paths.negotiation_state(self._theirs)
        response = await self._ask("GET", path, b"")
        assert response.status == 200, response.body
        return str(msgspec.json.decode(response.body)["state"])

    # --- messages -----------------------------------------------------------------------------------------------------

    async def _post(self, move: str) -> Response:
        if self._transfer:
            path = paths.transfer_message(TransferMove(move), self._theirs)
        else:
            path = paths.negotiation_message(NegotiationMove(move), self._role, self._theirs)
        body = {
            "@context": [CONTEXT],
            "@type": KINDS[move][self._transfer],
            "@id": str(uuid.uuid4()),
            **self._body(move),
        }
        return await self._ask("POST", path, msgspec.json.encode(body))

    async def _ask(self, method: str, path: str, body: bytes) -> Response:
        headers = {"authorization": "Bearer kit", "content-type": "application/json"}
        base = urlsplit(self._scripted.base).path
        response = await self._scripted.node.dsp.handle(Request(method, base + path, "", headers, body))
        response.after()
        return response

    def _body(self, move: str) -> JsonObject:
        if move == "request":
            return self._request()
        ours, theirs = ("providerPid", "consumerPid") if self._role is Role.PROVIDER else ("consumerPid", "providerPid")
        pids = {ours: self._ears.pid, theirs: self._theirs}
        match move:
            case "offer":
                parties = {"assigner": KIT, "assignee": self._scripted.scripts.me}
                offer = {"@type": "Offer", "@id": f"offer{self._key}", "target": self._key, **parties, **USE}
                return {**pids, "offer": offer}
            case "agree":
                agreed = agreement(str(uuid.uuid4()), self._key, KIT, self._scripted.scripts.me)
                return {**pids, "agreement": agreed}
            case "accept" | "finalize":
                return {**pids, "eventType": EVENTS[move]}
            case "start" if self._role is Role.PROVIDER:
                address = {
                    "@type": "DataAddress",
                    "endpointType": "HTTP",
                    "endpoint": "http://counterpart.example/data",
                }
                return {**pids, "dataAddress": address}
            case "terminate" | "suspend":
                return {**pids, "code": "1", "reason": [{"message": "scenario"}]}
            case _:
                return pids

    def _request(self) -> JsonObject:
        if self._transfer:
            return {
                "consumerPid": self._ears.pid,
                "agreementId": self._key,
                "format": "HttpData-PULL",
                "callbackAddress": ADDRESS,
            }
        offer = {"@type": "Offer", "@id": offer_id(self._key), "target": self._key, **USE}
        known: dict[str, Any] = {"providerPid": self._theirs} if self._theirs else {"callbackAddress": ADDRESS}
        return {"consumerPid": self._ears.pid, **known, "offer": offer}


def _struct(name: str) -> Any:
    return getattr(messages, name)

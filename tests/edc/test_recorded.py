"""What Eclipse EDC says, replayed without it: every tolerance is a recorded case.

Covers the reading side: `connector.protocol` (codec, lenient, reasons), `connector.services` (addresses, discovery,
outbox, peers, windows), `policies.parse`. The recordings are of our own making (`scripts/conformance edc --record`);
times, ports and tokens are taken out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.errors import MessageError
from connector.ports import Reply
from connector.protocol import codec, messages
from connector.protocol.messages import (
    CONTEXT,
    Catalog,
    CatalogRequestMessage,
    ContractNegotiation,
    Dataset,
    TransferProcess,
    TransferStartMessage,
)
from connector.protocol.reasons import heard
from connector.records import Outgoing
from connector.sentences import sentence
from connector.services import outbox, peers
from connector.services.addresses import data_address
from connector.services.pages import following
from connector.services.windows import Window, window
from policies import parse
from policies.model import PolicyKind
from tests.edc.recording import Recorded

FOLDER = Path(__file__).with_name("recorded")
FILES = sorted(FOLDER.glob("*/*.json"))
KNOWN_CONTEXT = "https://w3id.org/edc/dspace/v0.0.1"
SPOKEN = {
    "Maintenance until noon.",
    "Our disk is full.",
    "Not without a signature.",
    "We cannot accept counter-offers.",
    "We changed our minds.",
    "The source was shut down.",
    "The project is over.",
}


def load(path: Path) -> Recorded:
    return msgspec.json.decode(path.read_bytes(), type=Recorded)


def matching(pattern: str) -> list[Any]:
    found = [path for path in FILES if path.match(pattern)]
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in found] or [
        pytest.param(None, id=pattern)
    ]


def body(recorded: Recorded) -> bytes:
    return msgspec.json.encode(recorded.body) if recorded.body != "" else b""


def kind(recorded: Recorded) -> Any:
    return getattr(messages, recorded.body["@type"])


def test_there_are_recordings() -> None:
    """Of two releases, both directions."""
    assert {path.parent.name for path in FILES} == {"0.14.0", "0.15.1"}
    assert len(FILES) > 40


@pytest.mark.parametrize("path", matching("message-*.json"))
def test_messages_are_read(path: Path) -> None:
    """With a context of EDC's own beside the protocol's; what is sent on has the protocol's alone."""
    recorded = load(path)
    assert recorded.body["@context"] == [CONTEXT, KNOWN_CONTEXT]
    message = codec.decode(body(recorded), kind(recorded))
    assert message.context == (CONTEXT,)


@pytest.mark.parametrize("path", matching("message-*request-Contract*.json") + matching("message-*agreement-C*.json"))
def test_policies_are_understood(path: Path) -> None:
    """Constraints of ours come back through EDC's expansion and compaction with the same meaning."""
    message = codec.decode(body(load(path)), kind(load(path)))
    if isinstance(message, messages.ContractRequestMessage):
        assert parse.from_dsp(message.offer, PolicyKind.OFFER).rules
    else:
        assert parse.from_dsp(message.agreement, PolicyKind.AGREEMENT).rules


@pytest.mark.parametrize("path", matching("answer-200-*Catalog*.json"))
def test_catalogues_are_read(path: Path) -> None:
    """Every page, every offer in it."""
    catalog = codec.decode(body(load(path)), Catalog)
    assert catalog.dataset
    for dataset in catalog.dataset or ():
        assert all(parse.from_dsp(offer, PolicyKind.OFFER).rules for offer in dataset.hasPolicy)


@pytest.mark.parametrize("path", matching("answer-200-*Dataset.json"))
def test_datasets_are_read(path: Path) -> None:
    """With keys that belong to EDC alone."""
    dataset = codec.decode(body(load(path)), Dataset)
    assert {one.format for one in dataset.distribution} & {"HttpData-PULL", "HttpData-PUSH"}


def test_a_dataset_that_cannot_be_had_hides_no_other() -> None:
    """An EDC without a data plane shows datasets with an empty list of distributions."""
    recorded = load(next(path for path in FILES if path.match("0.14.0/answer-200-*Catalog*.json")))
    first, second = recorded.body["dataset"]
    mixed = {**recorded.body, "dataset": [{**first, "distribution": []}, second]}
    catalog = codec.decode(msgspec.json.encode(mixed), Catalog)
    assert [one.id for one in catalog.dataset or ()] == [second["@id"]]
    nothing = {**recorded.body, "dataset": [{**first, "distribution": []}]}
    assert not codec.decode(msgspec.json.encode(nothing), Catalog).dataset
    with pytest.raises(MessageError):
        codec.decode(msgspec.json.encode({**first, "distribution": [], "@context": [CONTEXT]}), Dataset)


@pytest.mark.parametrize("path", matching("answer-200-*Catalog*.json"))
def test_links_to_other_pages(path: Path) -> None:
    """`next` is followed; `prev`, which the protocol calls `previous`, is left alone."""
    recorded = load(path)
    reply = Reply(200, body(recorded), recorded.headers)
    assert bool(following(reply)) == ('rel="next"' in recorded.headers.get("link", ""))


@pytest.mark.parametrize("path", matching("answer-200-*request-ContractNegotiation*.json"))
def test_a_creation_is_acknowledged_with_200(path: Path) -> None:
    """The protocol says 201."""
    assert codec.decode_reply(body(load(path)), ContractNegotiation) is not None
    assert outbox._acknowledged(outgoing("negotiation"), Reply(200, body(load(path)))) is not None


@pytest.mark.parametrize("path", matching("answer-200-*request-TransferProcess*.json"))
def test_a_transfer_is_acknowledged_with_200(path: Path) -> None:
    """As a negotiation."""
    assert codec.decode_reply(body(load(path)), TransferProcess) is not None


@pytest.mark.parametrize("path", matching("answer-200-*-empty.json"))
def test_an_empty_answer_is_an_acknowledgement(path: Path) -> None:
    """Of anything but a first message."""
    assert outbox._acknowledged(outgoing("negotiation", first=False), Reply(200, b"")) is not None
    assert load(path).body == ""


@pytest.mark.parametrize("path", matching("answer-4*.json"))
def test_errors_in_words(path: Path) -> None:
    """400, 401, 404, 409, without the pids that the protocol asks for: what it says is shown."""
    recorded = load(path)
    reason = outbox._refusal(Reply(recorded.status, body(recorded)))
    assert reason.code == "peer.refused"
    assert reason.params["status"] == str(recorded.status)
    if "reason" in recorded.body:
        assert recorded.body["reason"][0][:60] in sentence(reason, "de")


@pytest.mark.parametrize("path", matching("message-*termination-*.json") + matching("message-*suspension-*.json"))
def test_reasons_in_words(path: Path) -> None:
    """A termination or suspension without a code, its reason an array of one string."""
    message = codec.decode(body(load(path)), kind(load(path)))
    reason = heard("peer.terminated", message.code, message.reason)
    assert reason.params["text"] in SPOKEN
    assert sentence(reason, "en") == f'The other side has terminated. It says: "{reason.params["text"]}"'


@pytest.mark.parametrize("path", matching("0.14.0/message-transfers.ID.start-*.json"))
def test_a_data_address_is_understood(path: Path) -> None:
    """The endpoint among the properties, all names in EDC's namespace, the token without a scheme."""
    message = codec.decode(body(load(path)), TransferStartMessage)
    assert isinstance(message.dataAddress, messages.DataAddress)
    said = data_address(message.dataAddress)
    assert said is not None
    assert said[0] == "http://edc.example/public"
    assert (said[1]["authorization"], said[1]["authType"]) == ("TOKEN", "bare")


@pytest.mark.parametrize("path", matching("message-catalog.request-*.json"))
def test_a_catalogue_query_that_selects_nothing(path: Path) -> None:
    """Sent with every request for a catalogue."""
    message = codec.decode(body(load(path)), CatalogRequestMessage)
    assert window(message.filter, 100) == Window(0, 50, counted=True)


@pytest.mark.parametrize("path", matching("answer-200-.well-known*.json"))
def test_our_version_among_others(path: Path) -> None:
    """0.14 and 0.15 speak three."""
    root = "http://edc.example/protocol"
    assert peers._base(root, body(load(path))) == f"{root}/2025-1"


def outgoing(process: str, *, first: bool = True) -> Outgoing:
    return Outgoing(
        id="1", peer="did:web:edc.example", process=process, pid="urn:uuid:ours", move="request", kind="request",
        url="http://edc.example", body=b"", created=0, first=first,
    )  # fmt: skip

"""connector/data/address.py: tokens are put in as a message goes out, and only where we have left a place for them."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from connector.data.address import Addresses
from connector.data.tokens import Generation, Tokens
from connector.protocol import codec, transfer
from connector.protocol.messages import DataAddress, EndpointProperty, TransferStartMessage
from connector.protocol.transfer import Transfer
from connector.records import Outgoing
from connector.services.formats import HTTP_PULL, HTTP_PUSH, PULL_PROFILE, PUSH_PROFILE
from tests.connector.data.world import KEY, PID, SetClock, started

TOKENS = Tokens(KEY, SetClock(), 600.0)
ADDRESSES = Addresses("https://city.example", TOKENS)


def named(address: DataAddress) -> dict[str, str]:
    assert address.endpointProperties is not UNSET
    return {one.name: one.value for one in address.endpointProperties}


def sent(t: Transfer, consumer: str = "urn:uuid:c") -> dict[str, str]:
    """The properties of the address in our start message as it goes out."""
    address = ADDRESSES.address(t)
    message = TransferStartMessage(providerPid=t.id, consumerPid=consumer, dataAddress=address)
    read = codec.decode(ADDRESSES.fill(outgoing(codec.encode(message))), TransferStartMessage)
    assert read.consumerPid == consumer
    return {} if read.dataAddress is UNSET else named(read.dataAddress)


def outgoing(body: bytes, move: str = "start", process: str = "transfer") -> Outgoing:
    return Outgoing(
        id=f"{PID}#1", peer="p", process=process, pid=PID, move=move, kind="X", url="https://u", body=body, created=0
    )


def test_the_older_format_has_a_token_that_lasts_and_the_names_of_eclipse_edc() -> None:
    said = sent(started(format=HTTP_PULL))
    assert said["authorization"] == TOKENS.lasting(PID)
    assert said["https://w3id.org/edc/v0.0.1/ns/authorization"] == TOKENS.lasting(PID)
    assert "refreshToken" not in said


def test_the_profile_has_a_pair_of_its_own_generation_and_nothing_else() -> None:
    first = sent(started(format=PULL_PROFILE, version=3))
    assert first.keys() == {"authorization", "authType", "refreshToken", "expiresIn", "refreshEndpoint"}
    assert TOKENS.read(first["authorization"], PID) == Generation(4)
    assert TOKENS.refreshing(first["refreshToken"], PID) == Generation(4)
    assert first["expiresIn"] == "600"
    later = sent(started(format=PULL_PROFILE, version=8))
    assert TOKENS.read(later["authorization"], PID) > TOKENS.read(first["authorization"], PID)


@pytest.mark.parametrize("format", [HTTP_PUSH, PUSH_PROFILE])
def test_who_delivers_says_no_address(format: str) -> None:
    assert ADDRESSES.address(started(format=format)) is UNSET
    said = named(ADDRESSES.inbox(PID, format, every="PT15M"))
    assert said == {"authorization": "urn:allmende:inbox", "authType": "bearer", "urn:allmende:every": "PT15M"}
    assert ADDRESSES.inbox(PID, format, to="https://app.example/x").endpoint == "https://app.example/x"


def test_no_secret_is_in_what_is_stored_and_the_same_goes_out_each_time() -> None:
    body = msgspec.json.encode(ADDRESSES.address(started(format=PULL_PROFILE)))
    assert TOKENS.lasting(PID).encode() not in body
    once, again = ADDRESSES.fill(outgoing(body)), ADDRESSES.fill(outgoing(body))
    assert once == again != body
    assert ADDRESSES.fill(outgoing(body, move="suspend")) == body
    assert ADDRESSES.fill(outgoing(body, process="notice")) == body


@pytest.mark.parametrize(
    "pid",
    [
        "urn:allmende:credential",
        "urn:allmende:access.999.99999999999",
        'x","value":"urn:allmende:access.999.99999999999"',
        "urn:allmende:refresh.999.0",
    ],
)
def test_what_the_other_side_has_chosen_never_becomes_a_token(pid: str) -> None:
    """A consumer names its own pid, and we say it back: not as a token without an end."""
    said = sent(started(format=PULL_PROFILE), pid)
    assert TOKENS.read(said["authorization"], PID) == Generation(1)
    assert sent(started(format=HTTP_PUSH), pid) == {}


def test_a_place_for_a_token_stands_only_in_the_value_of_a_property() -> None:
    body = msgspec.json.encode({"agreementId": "urn:allmende:inbox", "other": ["urn:allmende:credential"]})
    assert ADDRESSES.fill(outgoing(body, move="request")) == body
    inside = msgspec.json.encode(EndpointProperty(name="authorization", value="urn:allmende:inbox"))
    assert TOKENS.inbox(PID).encode() in ADDRESSES.fill(outgoing(inside, move="request"))


def test_somebody_elses_flow_gets_an_address_with_its_tokens() -> None:
    """Without any record of a transfer: what a control plane elsewhere has started."""
    said = named(ADDRESSES.opened("urn:uuid:flow", 2))
    assert TOKENS.read(said["authorization"], "urn:uuid:flow") == Generation(2)
    assert TOKENS.refreshing(said["refreshToken"], "urn:uuid:flow") == Generation(2)
    assert said["refreshEndpoint"] == "https://city.example/tokens/urn%3Auuid%3Aflow"


def test_a_request_carries_where_to_deliver() -> None:
    blank = replace(started(format=PUSH_PROFILE), state=None, role=transfer.Role.CONSUMER)
    step = transfer.step(blank, transfer.Request("https://u/dsp", ADDRESSES.inbox(PID, PUSH_PROFILE)), 0)
    [message] = [one.message for one in step.effects if hasattr(one, "message")]
    assert message.dataAddress.endpoint == f"https://city.example/inbox/{PID.replace(':', '%3A')}"

"""A peer that goes on bargaining for ever, so that the end of it is no longer among what is kept as proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import NodeError, TooLargeError
from connector.protocol import codec
from connector.protocol.messages import ContractRequestMessage
from connector.records import Signed
from connector.services import negotiations
from connector.services.proof import correspondence
from policies.terms import Terms
from tests.connector.services.world import FINAL, neighbours, settled
from tests.harness.virtual import run


def test_rounds_have_an_end_and_all_of_them_can_be_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(negotiations, "LONGEST", 20)

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3))
        words = await utility.terms_of(city, offer, Terms(count=30))
        n = await utility.negotiations.request("jo", city.did, offer.asset, words)
        n = await settled(utility.negotiations, n.id, ("OFFERED", *FINAL))
        code = ""
        for number in range(40):
            before = await city.negotiations.get(n.peer_pid)
            id = f"urn:x:{number}"
            message = ContractRequestMessage(id=id, consumerPid=n.id, providerPid=n.peer_pid, offer=words)
            try:
                body = codec.encode(message)
                (await city.negotiations.receive(utility.caller(), message, body, n.peer_pid)).after()
            except NodeError as error:
                code = error.reason.code
                if code == "process.long":
                    assert await city.negotiations.get(n.peer_pid) == before, "a refusal changes nothing"
                    break
        assert code == "process.long"
        await city.approvals.decline("anna", n.peer_pid, "enough")
        assert (await settled(city.negotiations, n.peer_pid, FINAL, 30 * 86_400.0)).state == "TERMINATED"

    run(story)


def test_a_message_that_is_mostly_nothing_is_not_kept(tmp_path: Path) -> None:
    """Messages are kept as they came, and read together whenever a contract is looked at: blanks would fill memory."""

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(Terms(count=3))
        words = await utility.terms_of(city, offer)
        message = ContractRequestMessage(consumerPid="urn:x:1", offer=words, callbackAddress=utility.url)
        body = codec.encode(message) + b" " * negotiations.LARGEST
        with pytest.raises(TooLargeError, match=r"http\.body"):
            await city.negotiations.receive(utility.caller(), message, body, None)
        assert not await city.store.read(lambda view: view.select(Signed))
        assert not await city.negotiations.select()
        assert negotiations.LARGEST * (negotiations.LONGEST + 12) < 32 * 1024 * 1024

    run(story)


def test_every_step_of_the_longest_negotiation_is_looked_at_as_proof() -> None:
    """A version is one message at most; offer, acceptance, agreement, verification and their answers follow."""
    assert negotiations.LONGEST + 12 <= correspondence.MOST

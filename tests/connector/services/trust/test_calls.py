"""A service is called where its owner's document says that it is, and nowhere in the house unless that is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from certs.did import DidError, Document
from connector.errors import DeliveryError
from connector.ports import Reply
from connector.protocol.dcp import CredentialStatus
from connector.services.trust.calls import Calls
from tests.harness.virtual import run

DID = "did:web:there.example"
STATUS = CredentialStatus(issuerPid="a", holderPid="b", status="ISSUED")


class Others:
    """Documents, Proofs and Sends in one; what was sent is kept."""

    def __init__(self, services: Mapping[str, str], status: int = 200) -> None:
        self.services, self.status = services, status
        self.sent: list[tuple[str, str, str, bytes | None, bool]] = []

    async def document(self, did: str, **more: Any) -> Document:
        """See `ports.Documents`."""
        if not self.services:
            raise DidError("did.other")
        return Document(id=did, keys={}, tokens=(), services=self.services)

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """See `ports.Proofs`."""
        return f"Bearer {audience} {grant} {code}"

    async def bare(self, authorization: str | None) -> Any:
        """Nobody calls."""
        raise NotImplementedError

    async def send(self, method: str, url: str, *, private: bool = False, **more: Any) -> Reply:
        """See `ports.Sends`."""
        self.sent.append((method, url, more["authorization"], more["body"], private))
        return Reply(self.status, b"{}")


def called(others: Others, *, lab: bool = False, **more: Any) -> Reply:
    """One call to the Issuer Service."""
    calls = Calls(peer=others, proofs=others, documents=others, lab=lab)
    return run(lambda: calls.call(DID, "IssuerService", "/x", **more))


def test_a_message_is_posted_below_the_service_with_what_was_given() -> None:
    others = Others({"IssuerService": "https://there.example/issuer/"})
    called(others, message=STATUS, grant="g", code="c")
    ((method, url, authorization, body, private),) = others.sent
    assert (method, url, authorization) == ("POST", "https://there.example/issuer/x", f"Bearer {DID} g c")
    assert body is not None
    assert not private


def test_without_a_message_something_is_asked_for() -> None:
    others = Others({"IssuerService": "https://there.example/issuer"})
    called(others)
    assert others.sent[0][0] == "GET"
    assert others.sent[0][3] is None


@pytest.mark.parametrize(
    ("base", "allowed", "lab", "private"),
    [
        ("http://127.0.0.1:1/i", False, False, False),
        ("http://127.0.0.1:1/i", False, True, True),
        ("https://10.0.0.1/i", False, True, False),
        ("https://10.0.0.1/i", True, False, True),
    ],
)
def test_an_address_inside_is_connected_to_only_where_that_is_allowed(
    base: str, allowed: bool, lab: bool, private: bool
) -> None:
    others = Others({"IssuerService": base})
    called(others, lab=lab, private=allowed)
    assert others.sent[0][4] is private


@pytest.mark.parametrize(
    ("others", "code"),
    [
        (Others({}), "peer.document"),
        (Others({"CredentialService": "https://there.example/dcp"}), "peer.no_service"),
        (Others({"IssuerService": ""}), "peer.no_service"),
    ],
)
def test_who_has_no_such_service_is_not_called(others: Others, code: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        called(others)
    assert caught.value.reason.code == code
    assert others.sent == []


@pytest.mark.parametrize("status", [301, 401, 404, 500])
def test_any_other_status_is_no_answer(status: int) -> None:
    with pytest.raises(DeliveryError) as caught:
        called(Others({"IssuerService": "https://there.example/issuer"}, status))
    assert caught.value.reason.params == {"status": str(status)}

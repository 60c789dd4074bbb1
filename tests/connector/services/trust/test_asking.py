"""Asking for credentials: where somebody's document says that they are shown, and nowhere else inside."""

from __future__ import annotations

from typing import Any

import pytest

from certs.did import Document
from connector.errors import UnauthenticatedError
from connector.ports import Reply
from connector.services.trust.asking import Asking
from tests.harness.virtual import VirtualClock, run

DID = "did:web:there.example"


class Others:
    """Proofs and Sends in one: nobody shows anything; `inside` says what was allowed for the last call."""

    inside: bool | None = None

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """See `ports.Proofs`."""
        return "Bearer x"

    async def bare(self, authorization: str | None) -> Any:
        """Nobody calls."""
        raise NotImplementedError

    async def send(self, method: str, url: str, *, private: bool = False, **more: Any) -> Reply:
        """See `ports.Sends`."""
        self.inside = private
        return Reply(404, b"")


@pytest.mark.parametrize(
    ("service", "lab", "inside"),
    [
        ("https://there.example/dcp", False, True),
        ("https://10.0.0.1/dcp", False, False),
        ("https://intranet.example/dcp", False, False),
        ("http://there.example:9200/dcp", False, False),
        ("http://127.0.0.1:8181/dcp", False, False),
        ("http://127.0.0.1:8181/dcp", True, True),
    ],
)
def test_that_members_are_in_private_networks_opens_nothing_but_their_own_hosts(
    service: str, lab: bool, inside: bool
) -> None:
    others = Others()
    asking = Asking(peer=others, proofs=others, clock=VirtualClock(), own="did:web:here", scopes=("s",), lab=lab)
    document = Document(id=DID, keys={}, tokens=(), services={"CredentialService": service})
    with pytest.raises(UnauthenticatedError, match=r"presentation\.refused"):
        run(lambda: asking.ask(document, "pass", private=True))
    assert others.inside is inside

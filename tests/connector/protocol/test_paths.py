"""Covers `connector.protocol.paths` against the endpoint tables of the HTTPS bindings."""

from __future__ import annotations

import pytest

from connector.protocol import negotiation, paths, transfer
from connector.protocol.machine import Role

N, T = negotiation.Move, transfer.Move
C, P = Role.CONSUMER, Role.PROVIDER


@pytest.mark.parametrize(
    ("move", "sender", "pid", "path"),
    [
        (N.REQUEST, C, "", "/negotiations/request"),
        (N.OFFER, P, "", "/negotiations/offers"),
        (N.REQUEST, C, "x", "/negotiations/x/request"),
        (N.OFFER, P, "x", "/negotiations/x/offers"),
        (N.ACCEPT, C, "x", "/negotiations/x/events"),
        (N.FINALIZE, P, "x", "/negotiations/x/events"),
        (N.AGREE, P, "x", "/negotiations/x/agreement"),
        (N.VERIFY, C, "x", "/negotiations/x/agreement/verification"),
        (N.TERMINATE, C, "x", "/negotiations/x/termination"),
        (N.TERMINATE, P, "urn:uuid:1/2", "/negotiations/urn%3Auuid%3A1%2F2/termination"),
    ],
)
def test_negotiation(move: negotiation.Move, sender: Role, pid: str, path: str) -> None:
    assert paths.negotiation_message(move, sender, pid) == path


@pytest.mark.parametrize(
    ("move", "path"),
    [
        (T.REQUEST, "/transfers/request"),
        (T.START, "/transfers/x/start"),
        (T.SUSPEND, "/transfers/x/suspension"),
        (T.COMPLETE, "/transfers/x/completion"),
        (T.TERMINATE, "/transfers/x/termination"),
    ],
)
def test_transfer(move: transfer.Move, path: str) -> None:
    assert paths.transfer_message(move, "x") == path


def test_pids_cannot_leave_their_segment() -> None:
    assert paths.dataset("../../x?y#z") == "/catalog/datasets/..%2F..%2Fx%3Fy%23z"
    assert paths.negotiation_state("a b") == "/negotiations/a%20b"
    assert paths.transfer_state("ä/") == "/transfers/%C3%A4%2F"


@pytest.mark.parametrize("base", ["https://a.example/dsp", "https://a.example/dsp/"])
def test_bases_with_and_without_a_slash(base: str) -> None:
    assert paths.join(base, paths.CATALOG_REQUEST) == "https://a.example/dsp/catalog/request"

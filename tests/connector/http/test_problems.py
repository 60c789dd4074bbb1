"""The one table from error to status, and the two forms."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from connector import errors
from connector.http.problems import STATUS, UNKNOWN_PID, HttpError, Pids, internal, problem, protocol_error, status_of
from connector.protocol import codec
from connector.protocol.messages import CatalogError, ContractNegotiationError, TransferError


def test_every_concrete_error_has_a_status() -> None:
    every = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.NodeError)]
    roots = {errors.NodeError, errors.PeerError, errors.OurError}
    assert set(every) - roots == set(STATUS)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UnauthenticatedError("x"), 401),
        (errors.RefusedError("x"), 403),
        (errors.UnknownError("x"), 404),
        (errors.MessageError("x"), 400),
        (errors.TransitionError("x"), 400),
        (errors.TooLargeError("x"), 413),
        (errors.BusyError("x"), 503),
        (errors.StoreError("x"), 503),
        (errors.DeliveryError("x"), 502),
        (errors.InputError("x.wrong"), 400),
        (errors.InputError("asset.unknown"), 404),
        (errors.OurError("x"), 500),
        (HttpError(421, "http.host"), 421),
        (type("OfTheirOwnError", (errors.RefusedError,), {})("x"), 403),
    ],
)
def test_status(error: errors.NodeError, status: int) -> None:
    assert status_of(error) == status
    assert protocol_error(error, "catalog", Pids()).status == status
    assert problem(error, "en").status == status


def test_the_protocols_form() -> None:
    error = errors.TransitionError("transition.illegal", state="AGREED", move="offer")
    negotiation = codec.decode(
        protocol_error(error, "negotiations", Pids("urn:p", "urn:c")).body, ContractNegotiationError
    )
    assert (negotiation.providerPid, negotiation.consumerPid) == ("urn:p", "urn:c")
    assert negotiation.code == "transition.illegal"
    assert negotiation.reason == (
        '"offer" is not possible in the state AGREED.',
        {"code": "transition.illegal", "params": {"state": "AGREED", "move": "offer"}},
    )
    transfer = codec.decode(protocol_error(error, "transfers", Pids()).body, TransferError)
    assert (transfer.providerPid, transfer.consumerPid) == (UNKNOWN_PID, UNKNOWN_PID)
    assert codec.decode(protocol_error(error, "catalog", Pids()).body, CatalogError).code == "transition.illegal"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.StoreError("store.damaged", file="/srv/state.db"), "unavailable"),
        (errors.BusyError("outbox.full", peer="did:web:other"), "unavailable"),
        (errors.DeliveryError("peer.unreachable"), "internal"),
        (errors.UnauthenticatedError("token.expired"), "token.refused"),
        (internal("abc"), "internal"),
    ],
)
def test_what_a_peer_does_not_learn(error: errors.NodeError, code: str) -> None:
    answer = protocol_error(error, "catalog", Pids())
    assert codec.decode(answer.body, CatalogError).code == code
    assert b"state.db" not in answer.body
    assert b"other" not in answer.body


def test_the_problem_document() -> None:
    answer = problem(errors.InputError("asset.unknown", name="trees"), "de")
    assert answer.headers["content-type"] == "application/problem+json"
    assert msgspec.json.decode(answer.body) == {
        "status": 404,
        "title": "Not Found",
        "code": "asset.unknown",
        "params": {"name": "trees"},
        "sentence": "Ein Datenbestand „trees“ ist nicht angelegt.",
    }


def test_headers_that_go_with_a_status() -> None:
    assert problem(errors.UnauthenticatedError("x"), "en").headers["www-authenticate"] == "Bearer"
    assert protocol_error(errors.BusyError("x"), "catalog", Pids()).headers["retry-after"] == "5"

"""Logs hold no secret and nobody's name; metrics and health say what they are asked."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog

from connector.telemetry import MASK, Check, Health, Metrics, configure_logs
from policies.model import Reason

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJkaWQ6d2ViOmEifQ.c2lnbmF0dXJl"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    found = io.StringIO()
    configure_logs(found)
    yield found
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    "fields",
    [
        {"token": "s3cret"},
        {"authorization": "s3cret"},
        {"api_key": "s3cret"},
        {"password": 3},
        {"operator": "s3cret"},
        {"remote": "s3cret"},
        {"header": "Bearer s3cret-and-more"},
        {"text": f"s3cret {JWT} s3cret".replace("s3cret", "")},
        {"url": "https://s3cret:s3cret@example.org/"},
        {"pem": "-----BEGIN PRIVATE KEY-----\ns3cret"},
        {"nested": {"deep": [{"private_key": "s3cret"}]}},
        {"listed": ["Bearer s3cret-and-more"]},
    ],
)
def test_secrets_and_people_are_masked(stream: io.StringIO, fields: dict[str, Any]) -> None:
    structlog.get_logger().info("something", **fields)
    text = stream.getvalue()
    assert "s3cret" not in text
    assert JWT not in text
    assert MASK in text


def test_the_rest_is_told(stream: io.StringIO) -> None:
    structlog.get_logger().warning("outbox.waiting", peer="did:web:a", waiting=3, late=True, reason=None)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "outbox.waiting",
        "level": "warning",
        "peer": "did:web:a",
        "waiting": 3,
        "late": True,
        "reason": None,
    }


def test_of_an_exception_type_and_places_stay(stream: io.StringIO) -> None:
    try:
        raise ValueError("the mayor's diary")
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("the library's words")
    for line in lines(stream):
        assert line["error"] == "ValueError"
        assert line["places"][0].split(":")[0] == __name__
    assert "diary" not in stream.getvalue()
    assert ".py" not in stream.getvalue()


def test_least_severe_entry(stream: io.StringIO) -> None:
    structlog.get_logger().debug("hidden")
    logging.getLogger("library").info("hidden")
    assert lines(stream) == []


def test_long_values_are_cut(stream: io.StringIO) -> None:
    structlog.get_logger().info("x", text="a" * 10_000)
    assert len(stream.getvalue()) < 3_000


def test_two_nodes_count_for_themselves() -> None:
    one, two = Metrics(), Metrics()
    one.answered("public", 200)
    one.answered("public", 200)
    one.refused("public", "token.missing")
    one.access("refused")
    one.show([("outbox_waiting", "Messages that wait", {"peer": "a"}, 7), ("peers", "Peers", {}, 2)])
    text = one.text().decode()
    assert 'allmende_http_answers_total{listener="public",status="200"} 2.0' in text
    assert 'allmende_http_refusals_total{code="token.missing",listener="public"} 1.0' in text
    assert 'allmende_accesses_total{outcome="refused"} 1.0' in text
    assert 'allmende_outbox_waiting{peer="a"} 7.0' in text
    assert "allmende_peers 2.0" in text
    one.show([])
    assert "allmende_peers" not in one.text().decode()
    assert "200" not in two.text().decode()


def test_health_is_ready_unless_what_stops_it_is_wrong() -> None:
    wrong: dict[str, Reason] = {}
    outbox, store = Check("outbox", lambda: wrong.get("outbox")), Check("store", lambda: wrong.get("store"), stops=True)
    health = Health([outbox, store])
    assert health.ready
    assert health.report() == [("outbox", None), ("store", None)]
    wrong["outbox"] = Reason("outbox.waiting")
    assert health.ready
    wrong["store"] = Reason("store.closed")
    assert not health.ready
    assert health.troubles() == [Reason("outbox.waiting"), Reason("store.closed")]
    assert health.report()[1] == ("store", Reason("store.closed"))


def test_a_reader_that_went_away_stops_nothing() -> None:
    stream = io.StringIO()
    configure_logs(stream)
    try:
        stream.close()
        structlog.get_logger().error("nobody reads this")
        logging.getLogger("aiohttp").error("nor this")
    finally:
        structlog.reset_defaults()

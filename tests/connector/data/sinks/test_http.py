"""connector/data/sinks/http.py: a POST a batch, with a key for the same content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from connector.data.ports import Around
from connector.data.sinks.http import HttpSink
from connector.errors import DeliveryError, SourceError
from connector.ports import Reply
from connector.system import SystemClock
from tests.ports.sink import ONE, SinkContract, batch


class Application:
    """Takes batches; keeps one of each key, as an application that wants each row once would."""

    def __init__(self) -> None:
        self.batches: dict[str, list[Any]] = {}
        self.requests: list[Mapping[str, str]] = []
        self.status = 202

    async def send(self, method: str, url: str, **more: Any) -> Reply:
        if self.status == 0:
            raise DeliveryError("peer.unreachable")
        fields = more["fields"]
        self.requests.append({**fields, "method": method, "url": url, "authorization": more["authorization"] or ""})
        if self.status < 300:
            body = more["body"]
            is_list = fields["Content-Type"] == "application/json"
            rows = msgspec.json.decode(body) if is_list else [msgspec.json.decode(x) for x in body.splitlines()]
            self.batches[fields["Idempotency-Key"]] = rows
        return Reply(self.status, b"")


class TestHttp(SinkContract):
    @pytest.fixture(params=["ndjson", "json"])
    def settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return {"url": "https://app.example/rows", "format": request.param, "token_file": "/token"}

    @pytest.fixture
    def sink(self) -> HttpSink:
        self.application = Application()
        return self._made()

    def _made(self) -> HttpSink:
        return HttpSink(Around(clock=SystemClock(), peer=self.application, secret=lambda *_: "t"))  # type: ignore[arg-type]

    async def there(self) -> list[int]:
        return [row["n"] for rows in self.application.batches.values() for row in rows]

    async def away(self) -> None:
        self.application.status = 0

    async def back(self) -> None:
        self.application.status = 200

    async def again(self) -> HttpSink:
        return self._made()

    async def test_the_same_content_has_the_same_key_and_another_another(self, sink: HttpSink, settings: Any) -> None:
        for one in (batch(1, 1), batch(1, 1), batch(1, 2)):
            await sink.write(settings, ONE, one)
        keys = [one["Idempotency-Key"] for one in self.application.requests]
        assert keys[0] == keys[1] != keys[2]
        assert {one["authorization"] for one in self.application.requests} == {"Bearer t"}

    @pytest.mark.parametrize("status", [302, 400, 409, 429, 500, 503])
    async def test_any_other_status_is_no_receipt(self, sink: HttpSink, settings: Any, status: int) -> None:
        self.application.status = status
        with pytest.raises(SourceError) as caught:
            await sink.write(settings, ONE, batch(1, 1))
        assert caught.value.reason.code == "sink.status"


@pytest.mark.parametrize("url", ["", "ftp://x", "https://u:p@h/", "/x", "https://h/#a"])
def test_addresses_that_are_none(url: str) -> None:
    assert HttpSink(Around(clock=SystemClock(), peer=Application(), secret=lambda *_: "")).check({"url": url})  # type: ignore[arg-type]

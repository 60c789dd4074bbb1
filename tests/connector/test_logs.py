"""A whole day of two nodes with all that goes wrong on it: no log line holds a person, a secret or a purpose."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, TCPConnector

from connector import config, founding, node
from connector.node import Node
from connector.telemetry import configure_logs
from scripts.lib.ports import free_port
from tests.connector.http.nodes import manage, told

PERSON, REASON, PURPOSE = "karin.schmidt", "weil Herr Weber krank ist", "https://purposes.example/geheimzweck-otto"
MAIL, FILE, BROWSER = "karin@city.example", "akte-weber.csv", "127.0.0.2"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJkaWQ6d2ViOmEifQ.c2lnbmF0dXJl"


@pytest.fixture
def stream() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    found = io.StringIO()
    configure_logs(found, "debug")
    yield found
    root.handlers[:] = handlers
    root.setLevel(level)


@asynccontextmanager
async def running(folder: Path, settings: str = "") -> AsyncIterator[Node]:
    port = free_port()
    founding.initialise(folder, f"http://localhost:{port}", public_port=port, management_port=0, lab=True)
    path = folder / "allmende.toml"
    head, _, tail = path.read_text().partition("[notify]\n")
    path.write_text(f"{head}[notify]\n{settings}{tail}")
    made = node.build(config.load(folder, {}))
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def asked(made: Node, method: str, target: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
    answer = await manage(made, method, target, body, **more)
    assert answer.status == status, answer.body
    return told(answer)


async def until(look: Any) -> Any:
    async with asyncio.timeout(15):
        while not (found := await look()):
            await asyncio.sleep(0.01)
        return found


async def shared(city: Node, file: Path) -> None:
    """An asset under terms, offered; a person has to agree."""
    asset = {"name": "trees", "kind": "file", "settings": {"path": str(file)}, "title": "Bäume"}
    for path, body in (
        ("/v1/assets", asset),
        ("/v1/policies", {"name": "open", "terms": {}}),
        ("/v1/offers", {"asset": "trees", "policy": "open"}),
    ):
        await asked(city, "POST", path, body, status=201)


async def negotiated(city: Node, utility: Node, token: str, *, approve: bool) -> str:
    """The utility asks, a person at the city decides; the pid at the utility."""
    dataset = (await asked(city, "GET", "/v1/offers"))["items"][0]["asset"]
    begun = await asked(utility, "POST", "/v1/negotiations", {"peer": "city", "dataset": dataset}, status=201)

    async def waiting() -> Any:
        page = await asked(city, "GET", "/v1/negotiations?state=requested&role=provider")
        return [one["id"] for one in page["items"] if one["pending"] is None]

    pid = (await until(waiting))[0]
    await asked(
        city, "POST", f"/v1/negotiations/{pid}/{'approve' if approve else 'decline'}", {"reason": REASON}, token=token
    )

    async def over() -> Any:
        one = await asked(utility, "GET", f"/v1/negotiations/{begun['id']}")
        return one if one["state"] in ("FINALIZED", "TERMINATED") and not one["pending"] else None

    return str((await until(over))["contract"])


async def fetched(utility: Node, contract: str) -> int:
    answer = await manage(utility, "GET", f"/v1/contracts/{contract.rpartition('/')[2][-8:]}/data?purpose={PURPOSE}")
    if answer.chunks is not None:
        _ = [piece async for piece in answer.chunks]
    return answer.status


async def strangers(city: Node) -> None:
    """Requests with wrong credentials, from another address of this machine."""
    management = f"http://127.0.0.1:{city.management_listener.port}"
    async with ClientSession(connector=TCPConnector(local_addr=(BROWSER, 0))) as session:
        for url in (f"{city.config.public_url}/heads", f"{management}/v1/status", f"{management}/v1/peers"):
            for credential in (JWT, f"{PERSON}:{MAIL}", "hush-hush"):
                async with session.get(url, headers={"Authorization": f"Bearer {credential}"}) as answer:
                    assert answer.status == 401
        body = msgspec.json.encode({"name": PERSON, "mail": MAIL})
        headers = {"Authorization": f"Bearer {JWT}", "Content-Type": "application/json"}
        async with session.post(f"{management}/v1/operators", data=body, headers=headers) as answer:
            assert answer.status == 401


async def test_no_log_line_holds_a_person_a_secret_or_a_purpose(
    tmp_path: Path, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "TELL_SECONDS", 0.02)
    file = tmp_path / FILE
    file.write_text("oak\n")
    settings = f'mail_to = ["{MAIL}"]\nmail_from = "{MAIL}"\nsmtp_host = "localhost"\nsmtp_port = {free_port()}\n'
    settings += 'smtp_security = "none"\ngather_seconds = 0.01\n'
    secrets = [JWT, "hush-hush"]
    async with running(tmp_path / "city", settings) as city, running(tmp_path / "utility") as utility:
        await city.peers.add("admin", utility.config.public_url, "utility", private=True)
        await utility.peers.add("admin", city.config.public_url, "city", private=True)
        issued = await asked(city, "POST", "/v1/operators", {"name": PERSON, "role": "approver"}, status=201)
        secrets += [issued["token"], (tmp_path / "city" / "token").read_text().strip()]
        await shared(city, file)
        contract = await negotiated(city, utility, issued["token"], approve=True)
        assert await fetched(utility, contract) == 200
        await negotiated(city, utility, issued["token"], approve=False)
        metrics = (await manage(city, "GET", "/metrics")).body.decode()
        assert 'allmende_accesses_total{outcome="permitted"} 1.0' in metrics
        file.unlink()
        assert await fetched(utility, contract) >= 400
        await strangers(city)
        await utility.probes.ask("city")
        await city.doctor.examine()

        async def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError(f"{PERSON} {MAIL} {JWT} {REASON}")

        monkeypatch.setattr(city.peers, "get", broken)
        assert (await manage(city, "GET", "/v1/peers/utility")).status == 500
        monkeypatch.setattr(city.catalogs.own, "catalog", broken)
        assert (await manage(utility, "GET", "/v1/catalog/city")).status >= 400

        async def untold() -> Any:
            return dict(city.health.report())["notify"]

        await until(untold)
    said = stream.getvalue()
    for event in ("source.failing", "notify.failed", "dsp.unauthenticated", "dsp.failed", "management.failed"):
        assert event in said, event
    for secret in (PERSON, "schmidt", "Weber", "weber", "geheimzweck", MAIL, "karin", BROWSER, *secrets):
        assert secret not in said, [line for line in said.splitlines() if secret in line]

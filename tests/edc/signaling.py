"""Eclipse EDC 0.18 with our data plane: its control planes drive it over Data Plane Signaling, on both sides.

What lives here: two EDCs without any data plane of their own, ours between them, and what is looked at. What does not:
one EDC's management API (`runtime`). EDC 0.18 speaks an earlier draft of Data Plane Signaling: it names flows by its
transfer processes, says `transferType`, and has no endpoint for agreements but that of its management API. Its OAuth 2
profile asks for tokens here (`POST /token`), as an authorization server of the site would give them.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import jwk, jws
from connector import config, dataplane, founding
from connector.ports import Transaction
from connector.protocol.machine import Role
from connector.records import Asset, Endpoint, Plane
from connector.system import SystemClock
from scripts.lib.ports import free_port
from tests.conformance.kit import Kit, Result, fetch
from tests.edc.artifacts import GROUP, MAIN
from tests.edc.runtime import ODRL, PROTOCOL, START_SECONDS, Edc, EdcError

_PARTS = ("controlplane-base-bom", "data-plane-signaling-core", "iam-mock")
KIT = Kit(
    name="edc-dps",
    version="0.18.0",
    coordinates=tuple(f"{GROUP}:{one}:0.18.0" for one in _PARTS),
    main=MAIN,
    tests=6,
    excluded=("org.eclipse.jetty.websocket:jetty-websocket",),
)
CONTEXTS = ("", "management", "control", "protocol", "version", "signaling", "catalog")
PROVIDER, CONSUMER, OURS = "provider", "consumer", "allmende"
FORMAT, DATASET = "HttpData-PULL", "trees"
DATA = "id;art\n1;Eiche\n"
ONCE = {"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": "1"}]}
PATIENCE = 30.0
_KEY = generate_private_key(SECP256R1())


def test(jars: Path | None, show: Callable[[str], None]) -> Result:
    """Two EDCs and our data plane. Raises `UnavailableError` where EDC cannot be had."""
    folder = (jars or fetch(KIT)).resolve()
    with tempfile.TemporaryDirectory(prefix="allmende-edc-dps-") as directory:
        return asyncio.run(_tried(folder, Path(directory), show))


async def _tried(jars: Path, folder: Path, show: Callable[[str], None]) -> Result:
    passed, failures = 0, list[str]()
    async with _site(jars, folder) as site:
        for name, look in CHECKS.items():
            try:
                await asyncio.wait_for(look(site), 4 * PATIENCE)
                passed += 1
                show(f"SUCCESSFUL: {name}")
            except (AssertionError, TimeoutError, EdcError) as error:
                failures.append(f"{name}: {error}")
                show(f"FAILED: {name}")
    return Result(passed, len(failures), tuple(failures), complete=True)


class Site:
    """What a check looks at. `pulled` is where the consumer's data plane, ours too, has been told to pull from."""

    def __init__(self, plane: dataplane.DataPlaneProcess, edcs: Mapping[str, Edc]) -> None:
        self.plane, self.edcs = plane, edcs
        self.transfer = ""
        self.pulled: tuple[str, str] = ("", "")

    async def manage(self, edc: str, *call: Any) -> Any:
        """A call of an EDC's management API."""
        return await asyncio.to_thread(self.edcs[edc].management, *call)

    async def states(self) -> dict[str, str]:
        """Where the flows stand at our data plane, by side."""
        return {one.role: one.state for one in await self.plane.flows.select()}

    async def get(self) -> tuple[int, str]:
        """One access with what the consumer has been given."""
        url, token = self.pulled
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status, await answer.text()


async def _until(ready: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await ready():
            await asyncio.sleep(0.2)


# --- what is looked at ------------------------------------------------------------------------------------------------


async def _registered(site: Site) -> None:
    """Our data plane is registered at both, and what it serves stands in the catalogue."""
    url = f"http://127.0.0.1:{site.plane.signaling_listener.port}/dataflows"
    for name in (PROVIDER, CONSUMER):
        said = {"type": "oauth2_client_credentials", "tokenEndpoint": _TOKENS[0], "clientId": name, "clientSecret": "s"}
        body = {"dataplaneId": OURS, "endpoint": url, "transferTypes": [FORMAT], "authorization": said, "labels": []}
        await asyncio.to_thread(_registers, site.edcs[name], body)
    metadata = {"@type": "DataplaneMetadata", "profiles": [FORMAT], "labels": []}
    address = {"@type": "DataAddress", "type": "HttpData", "baseUrl": "http://unused.example"}
    asset = {"@id": DATASET, "properties": {}, "dataplaneMetadata": metadata, "dataAddress": address}
    await site.manage(PROVIDER, "POST", "assets", asset)
    policy = {"@id": "once", "policy": {"@context": ODRL, "@type": "Set", "permission": [ONCE]}}
    await site.manage(PROVIDER, "POST", "policydefinitions", policy)
    terms = {"@id": "d", "accessPolicyId": "once", "contractPolicyId": "once", "assetsSelector": []}
    await site.manage(PROVIDER, "POST", "contractdefinitions", terms)
    shown = await asyncio.to_thread(site.edcs[CONSUMER].catalog, PROVIDER, site.edcs[PROVIDER].base)
    assert FORMAT in str(shown), shown


def _registers(edc: Edc, body: Mapping[str, Any]) -> None:
    url = f"http://127.0.0.1:{edc.port('management')}/management/v4/dataplanes"
    request = urllib.request.Request(url, msgspec.json.encode(body), {"Content-Type": "application/json"}, method="PUT")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


async def _started(site: Site) -> None:
    """A contract is made between the EDCs; the provider's starts a flow at our data plane, the consumer's is told."""
    consumer, base = site.edcs[CONSUMER], site.edcs[PROVIDER].base
    shown = await asyncio.to_thread(consumer.catalog, PROVIDER, base)
    dataset = _first(shown.get("dcat:dataset") or shown["dataset"])
    offer = _first(dataset.get("odrl:hasPolicy") or dataset["hasPolicy"])
    negotiation = await asyncio.to_thread(consumer.negotiate, PROVIDER, base, DATASET, offer)

    async def agreed() -> bool:
        return bool((await asyncio.to_thread(consumer.negotiation, negotiation))["state"] == "FINALIZED")

    await _until(agreed)
    contract = (await asyncio.to_thread(consumer.negotiation, negotiation))["contractAgreementId"]
    asked = {"counterPartyId": PROVIDER, "counterPartyAddress": base, "protocol": PROTOCOL}
    body = {**asked, "contractId": contract, "transferType": FORMAT}
    site.transfer = (await site.manage(CONSUMER, "POST", "transferprocesses", body))["@id"]
    await _until(lambda: _stand(site, "STARTED"))
    (mine,) = [one for one in await site.plane.flows.select() if one.role is Role.CONSUMER]
    found = await site.plane.store.read(lambda view: view.get(Endpoint, mine.id))
    assert found is not None
    said = msgspec.json.decode(site.plane.keys.sealer().open(found.secret, mine.id.encode()))
    site.pulled = found.url, said["authorization"]
    assert said["refreshToken"]


async def _stand(site: Site, state: str) -> bool:
    return await site.states() == {Role.PROVIDER: state, Role.CONSUMER: state}


async def _suspended(site: Site) -> None:
    """The consumer's EDC suspends: nothing leaves, and no use is drawn."""
    await asyncio.to_thread(site.edcs[CONSUMER].move_transfer, site.transfer, "suspend", "test")
    await _until(lambda: _stand(site, "SUSPENDED"))
    status, _ = await site.get()
    assert status == 403, status


async def _resumed(site: Site) -> None:
    """It resumes: both sides run again. EDC's consumer is not told the address that our data plane gives for it; the
    one before stays good until the newer one is used."""
    await asyncio.to_thread(site.edcs[CONSUMER].move_transfer, site.transfer, "resume")
    await _until(lambda: _stand(site, "STARTED"))


async def _enforced(site: Site) -> None:
    """The terms permit one use, which EDC itself never judges: the second one is refused."""
    assert await site.get() == (200, DATA)
    status, text = await site.get()
    assert status == 403, (status, text)
    assert "count" in text, text


async def _ended(site: Site) -> None:
    """The consumer's EDC terminates: our data plane knows it on both sides."""
    await asyncio.to_thread(site.edcs[CONSUMER].move_transfer, site.transfer, "terminate", "test")
    await _until(lambda: _stand(site, "TERMINATED"))


CHECKS: Mapping[str, Callable[[Site], Awaitable[None]]] = {
    "registered": _registered,
    "started": _started,
    "suspended": _suspended,
    "resumed": _resumed,
    "enforced": _enforced,
    "ended": _ended,
}


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, list) else found


# --- the three processes ----------------------------------------------------------------------------------------------

_TOKENS: list[str] = [""]


@contextlib.asynccontextmanager
async def _site(jars: Path, folder: Path) -> AsyncIterator[Site]:
    runner = web.AppRunner(_authorization_server(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _TOKENS[0] = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    edcs = {name: _edc(jars, folder, name) for name in (PROVIDER, CONSUMER)}
    port = free_port()
    founding.initialise(folder / "plane", f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    settings = config.load(folder / "plane", {"ALLMENDE_SIGNALING__PORT": "0", "ALLMENDE_SIGNALING__ID": OURS})
    plane = dataplane.build(settings)
    try:
        async with asyncio.timeout(START_SECONDS):
            while not all(one.ready() for one in edcs.values()):
                await asyncio.sleep(0.3)
        await plane.store.write(lambda tx: _seed(tx, folder, edcs))
        await plane.start()
        yield Site(plane, edcs)
    finally:
        for one in edcs.values():
            one.process.kill()
            one.process.wait()
        await plane.close()
        await runner.cleanup()


def _authorization_server() -> web.Application:
    """Gives each EDC tokens that are its own, for our data plane."""

    async def token(request: web.Request) -> web.Response:
        form, now = await request.post(), SystemClock().now() // 1_000_000
        claims = {"iss": "site", "sub": form["client_id"], "aud": OURS, "iat": now, "exp": now + 300}
        made = jws.sign(_KEY, {"kid": "1", "typ": "JWT"}, msgspec.json.encode(claims))
        return web.json_response({"access_token": made, "expires_in": 300, "token_type": "Bearer"})

    app = web.Application()
    app.router.add_post("/token", token)
    return app


def _seed(tx: Transaction, folder: Path, edcs: Mapping[str, Edc]) -> None:
    """Both EDCs as control planes, and the dataset."""
    secret, file = folder / "secret", folder / "trees.csv"
    secret.write_text("s")
    secret.chmod(0o600)
    file.write_text(DATA)
    said = {
        "type": "oauth2_client_credentials",
        "tokenEndpoint": _TOKENS[0],
        "clientId": OURS,
        "clientSecret_file": str(secret),
        "jwks": {"keys": [{**jwk.write(_KEY.public_key()), "kid": "1"}]},
    }
    for name, one in edcs.items():
        management = f"http://127.0.0.1:{one.port('management')}/management/v3/contractagreements/{{agreement}}"
        tx.put(
            Plane(
                id=name,
                endpoint=f"http://127.0.0.1:{one.port('signaling')}/signaling",
                authorization=said,
                agreements=management,
                private=True,
                added=0,
                added_by="test",
            )
        )
    settings = {"path": str(file)}
    tx.put(Asset(id=DATASET, name=DATASET, title="Trees", kind="file", settings=settings, created=0, created_by="test"))


def _edc(jars: Path, folder: Path, name: str) -> Edc:
    """One EDC without a data plane of its own."""
    ports = {context: free_port() for context in CONTEXTS}
    found = {
        "edc.participant.id": name,
        "edc.hostname": "127.0.0.1",
        # Out of the box EDC has no function for any operand, and takes no policy that names one.
        "edc.policy.validation.enabled": "false",
        "edc.dsp.callback.address": f"http://127.0.0.1:{ports['protocol']}/protocol",
        "edc.negotiation.state-machine.iteration-wait-millis": "50",
        "edc.transfer.state-machine.iteration-wait-millis": "50",
    }
    for context, port in ports.items():
        key = f"web.http.{context}" if context else "web.http"
        found |= {f"{key}.port": str(port), f"{key}.path": f"/{context or 'api'}"}
    settings, log = folder / f"{name}.properties", folder / f"{name}.log"
    settings.write_text("".join(f"{key}={value}\n" for key, value in found.items()))
    command = ["java", "-Xmx400m", f"-Dedc.fs.config={settings}", "-cp", f"{jars}/*", MAIN]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    return Edc(name, process, ports, log)

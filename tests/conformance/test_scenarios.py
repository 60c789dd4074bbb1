"""The scenarios of the DSP conformance kit, restated peer to peer: they run everywhere, without Java, on virtual time.

A scenario is written as the counterpart sees it: `begin` makes the node start, `move` is said and has to be
acknowledged, `<move` is heard from the node, `!move` is said and has to be refused without changing anything, `=STATE`
is where the node says it stands. Source: test documentation of `org.eclipse.dataspacetck.dsp:dsp-tck` 1.0.1; the two
that the kit has switched off run here too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from connector.http.exchange import Request, Response
from connector.protocol.machine import Role
from connector.protocol.messages import CONTEXT
from tests.conformance.counterpart import Counterpart, Ears
from tests.harness.script import SCRIPTS
from tests.harness.scripted import ScriptedNode
from tests.harness.virtual import SeededIds, VirtualClock, run

PROVIDER_NEGOTIATIONS: Mapping[str, str] = {
    "ACN0101": "request <offer terminate =TERMINATED",
    "ACN0102": "request <offer request <terminate =TERMINATED",
    "ACN0103": "request <offer accept <agree verify <finalize =FINALIZED",
    "ACN0104": "request <agree verify <finalize =FINALIZED",
    "ACN0201": "request <terminate =TERMINATED",
    "ACN0202": "request terminate =TERMINATED",
    "ACN0203": "request <agree terminate =TERMINATED",
    "ACN0204": "request <offer terminate =TERMINATED",
    "ACN0205": "request <offer <terminate =TERMINATED",
    "ACN0206": "request <offer accept <terminate =TERMINATED",
    "ACN0207": "request <agree verify <terminate =TERMINATED",
    "ACN0301": "request <agree verify <finalize !terminate =FINALIZED",
    "ACN0302": "request <offer !verify =OFFERED",
    "ACN0303": "request <offer accept !verify =ACCEPTED",
    "ACN0304": "request <offer request !request =REQUESTED",
}
CONSUMER_NEGOTIATIONS: Mapping[str, str] = {
    "ACNC0101": "begin offer <accept agree <verify finalize =FINALIZED",
    "ACNC0102": "begin offer <request terminate =TERMINATED",
    "ACNC0103": "begin offer <terminate =TERMINATED",
    "ACNC0104": "begin agree <verify finalize =FINALIZED",
    "ACNC0201": "begin terminate =TERMINATED",
    "ACNC0202": "begin <terminate =TERMINATED",
    "ACNC0203": "begin agree <terminate =TERMINATED",
    "ACNC0204": "begin offer =OFFERED terminate =TERMINATED",
    "ACNC0205": "begin offer <accept terminate =TERMINATED",
    "ACNC0206": "begin agree <verify terminate =TERMINATED",
    "ACNC0301": "begin !finalize =REQUESTED",
    "ACNC0302": "begin offer !agree =OFFERED",
    "ACNC0303": "begin offer !finalize =OFFERED",
    "ACNC0304": "begin offer <accept !finalize =ACCEPTED",
    "ACNC0305": "begin offer <accept !offer =ACCEPTED",
    "ACNC0306": "begin offer <accept agree !finalize =AGREED",
}
PROVIDER_TRANSFERS: Mapping[str, str] = {
    "ATP0101": "request <start <terminate =TERMINATED",
    "ATP0102": "request <start <complete =COMPLETED",
    "ATP0103": "request <start <suspend <terminate =TERMINATED",
    "ATP0104": "request <start <suspend <start <complete =COMPLETED",
    "ATP0105": "request <terminate =TERMINATED",
    "ATP0201": "request <start terminate =TERMINATED",
    "ATP0202": "request <start complete =COMPLETED",
    "ATP0203": "request <start suspend =SUSPENDED terminate =TERMINATED",
    "ATP0204": "request <start suspend start =STARTED complete =COMPLETED",
    "ATP0205": "request =REQUESTED terminate =TERMINATED",
    "ATP0301": "request !complete =REQUESTED",
    "ATP0302": "request !suspend =REQUESTED",
    "ATP0303": "request <start suspend !complete =SUSPENDED",
    "ATP0304": "request <start terminate !start =TERMINATED",
    "ATP0305": "request <start terminate !suspend =TERMINATED",
    "ATP0306": "request <start terminate !complete =TERMINATED",
}
CONSUMER_TRANSFERS: Mapping[str, str] = {
    "ATPC0101": "begin start terminate =TERMINATED",
    "ATPC0102": "begin start complete =COMPLETED",
    "ATPC0103": "begin start suspend terminate =TERMINATED",
    "ATPC0104": "begin start suspend start complete =COMPLETED",
    "ATPC0105": "begin terminate =TERMINATED",
    "ATPC0201": "begin start <terminate =TERMINATED",
    "ATPC0202": "begin start <complete =COMPLETED",
    "ATPC0203": "begin start <suspend <terminate =TERMINATED",
    "ATPC0204": "begin start <suspend <start <complete =COMPLETED",
    "ATPC0205": "begin <terminate =TERMINATED",
    "ATPC0301": "begin !complete =REQUESTED",
    "ATPC0302": "begin !suspend =REQUESTED",
    "ATPC0303": "begin start suspend !complete =SUSPENDED",
    "ATPC0304": "begin start terminate !start =TERMINATED",
    "ATPC0305": "begin start terminate !suspend =TERMINATED",
    "ATPC0306": "begin start terminate !complete =TERMINATED",
}
SCENARIOS = {**PROVIDER_NEGOTIATIONS, **CONSUMER_NEGOTIATIONS, **PROVIDER_TRANSFERS, **CONSUMER_TRANSFERS}


def test_every_script_is_played() -> None:
    """A scenario for each script, and a script for each scenario."""
    assert SCENARIOS.keys() == SCRIPTS.keys()


def with_node(tmp_path: Path, act: Callable[[ScriptedNode, Ears], Awaitable[None]]) -> None:
    """Run `act` against a scripted node on virtual time."""

    async def main() -> None:
        ears = Ears()
        scripted = ScriptedNode(
            tmp_path / "node", 18180, peer=ears, clock=VirtualClock(), ids=SeededIds("scenario"), threaded=False
        )
        await scripted.prepare()
        await scripted.node.outbox.start()
        try:
            await act(scripted, ears)
        finally:
            await scripted.close()

    run(main)


@pytest.mark.parametrize("key", SCENARIOS)
def test_scenario(tmp_path: Path, key: str) -> None:
    """The node does what the scenario says, and nothing else."""
    role = Role.CONSUMER if key in PROVIDER_NEGOTIATIONS or key in PROVIDER_TRANSFERS else Role.PROVIDER
    transfer = key in PROVIDER_TRANSFERS or key in CONSUMER_TRANSFERS

    async def act(scripted: ScriptedNode, ears: Ears) -> None:
        counterpart = Counterpart(scripted, ears, key, role, transfer=transfer)
        for word in SCENARIOS[key].split():
            match word[0], word[1:]:
                case "<", move:
                    await counterpart.hear(move)
                case "!", move:
                    await counterpart.be_refused(move)
                case "=", state:
                    assert await counterpart.state() == state
                case _ if word == "begin":
                    await counterpart.begin()
                case _:
                    await counterpart.say(word)
        assert ears.heard.empty(), ears.heard.get_nowait()

    with_node(tmp_path, act)


async def ask(scripted: ScriptedNode, method: str, path: str, body: bytes = b"") -> Response:
    """A request as the kit makes it."""
    headers = {"authorization": "Bearer kit", "content-type": "application/json"}
    return await scripted.node.dsp.handle(Request(method, path, "", headers, body))


def test_version_document(tmp_path: Path) -> None:
    """MET:01-01: the document lists 2025-1, its path and its binding."""

    async def act(scripted: ScriptedNode, ears: Ears) -> None:
        response = await ask(scripted, "GET", "/.well-known/dspace-version")
        versions = msgspec.json.decode(response.body)["protocolVersions"]
        assert [(one["version"], one["path"], one["binding"]) for one in versions] == [
            ("2025-1", "/dsp/2025-1", "HTTPS")
        ]

    with_node(tmp_path, act)


def test_catalog(tmp_path: Path) -> None:
    """CAT:01-01 and CAT:01-02: the dataset is in the catalogue and can be had alone."""

    async def act(scripted: ScriptedNode, ears: Ears) -> None:
        asked = msgspec.json.encode({"@context": [CONTEXT], "@type": "CatalogRequestMessage"})
        catalog = msgspec.json.decode((await ask(scripted, "POST", "/dsp/2025-1/catalog/request", asked)).body)
        assert "CAT0101" in [dataset["@id"] for dataset in catalog["dataset"]]
        dataset = msgspec.json.decode((await ask(scripted, "GET", "/dsp/2025-1/catalog/datasets/CAT0102")).body)
        assert dataset["@id"] == "CAT0102"
        assert dataset["hasPolicy"]

    with_node(tmp_path, act)


def test_unknown_dataset(tmp_path: Path) -> None:
    """CAT:01-03: an unknown dataset is answered with a CatalogError."""

    async def act(scripted: ScriptedNode, ears: Ears) -> None:
        response = await ask(scripted, "GET", "/dsp/2025-1/catalog/datasets/CAT0103")
        assert response.status == 404
        refusal = msgspec.json.decode(response.body)
        assert refusal["@type"] == "CatalogError"
        assert refusal["@context"] == [CONTEXT]

    with_node(tmp_path, act)

"""A peer calls back: only to where the caller is pinned, only so often, and the first broken link comes back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connector.errors import DeliveryError, TooOftenError
from connector.ports import Caller, Reply
from connector.services.watch.probes import Probes
from policies.model import Reason
from tests.connector.doctor.patients import Patient, neighbour
from tests.connector.http.nodes import PEER, a_node, dsp, events, told


async def test_both_ways_over_real_sockets(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    async with patient.served() as made, neighbour(tmp_path, made) as other:
        assert await made.probes.ask("utility") is None
        with pytest.raises(DeliveryError, match=r"probe\.often"):
            await made.probes.ask("utility")
        assert ("probe.asked", made.did) in [(one.event, one.actor) for one in await other.audit.log(limit=100)]


@pytest.mark.parametrize(
    ("host", "until", "code"), [("localhost", -1, "reach.tls_expired"), ("x.example", 365, "reach.tls_name")]
)
async def test_the_peer_names_what_is_broken(tmp_path: Path, host: str, until: float, code: str) -> None:
    patient = Patient(tmp_path)
    async with patient.served() as made, neighbour(tmp_path, made):
        pass
    pair = patient.authority.issue(host, since=-9, until=until)
    async with patient.served(pair=pair) as made:
        await made.peers.remove("test", "utility")
        async with neighbour(tmp_path, made, knows=False):
            found = await made.probes.ask("utility")
            assert found is not None
            assert found.code == code
            assert found.params["host"] == "localhost"


async def test_only_the_callers_own_address_is_gone_to(tmp_path: Path) -> None:
    gone: list[tuple[str, str]] = []

    async def follow(url: str, who: str, keys: object, *, private: bool) -> Reason | None:
        gone.append((url, who))
        return Reason("reach.name", {"host": "utility.example"})

    async with a_node(tmp_path) as node:
        node.probes._follow = follow  # type: ignore[assignment]
        answer = await dsp(node, "POST", "//city/probe", b'{"url": "https://elsewhere.example"}')
        assert (answer.status, told(answer)["code"]) == (200, "reach.name")
        assert gone == [("https://utility.example", PEER)]
        again = await dsp(node, "POST", "//city/probe", b"{}")
        assert again.status == 429
        assert int(again.headers["retry-after"]) >= 1
        assert (await dsp(node, "POST", "//city/probe", b"{}", caller=None)).status == 401
        assert (await dsp(node, "POST", "//city/probe", b"{}", caller="did:web:other.example")).status == 404
        assert (await events(node)).count(("probe.asked", PEER)) == 1
        assert len(gone) == 1


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404, b""), "probe.unsupported"),
        (Reply(429, b""), "probe.often"),
        (Reply(500, b""), "peer.refused"),
        (Reply(200, b"<html>"), "peer.answer_unclear"),
        (Reply(200, msgspec.json.encode({"code": "x" * 5000})), "peer.answer_unclear"),
    ],
)
async def test_what_is_no_answer_is_said(tmp_path: Path, reply: Reply, code: str) -> None:
    class Answering:
        async def send(self, method: str, url: str, **_: object) -> Reply:
            assert (method, url) == ("POST", "https://utility.example/probe")
            return reply

    async with a_node(tmp_path) as node:
        probes: Probes = node.probes
        probes._peer = Answering()  # type: ignore[assignment]
        with pytest.raises(DeliveryError) as failed:
            await probes.ask("utility")
        assert failed.value.reason.code == code


async def test_what_is_asked_too_often_uses_no_token_up(tmp_path: Path) -> None:
    async with a_node(tmp_path) as node:
        node.probes._limit("did:web:x")
        with pytest.raises(TooOftenError):
            await node.probes.answer(Caller("did:web:x", "one", 10**18))
        assert await node.store.write(lambda tx: tx.use_token("did:web:x", "one", 10**18))

"""The gate: who gets in, what it costs in the counter, what stands in the audit."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.gate import AccessRefusedError, Ask, MovedError
from connector.errors import UnauthenticatedError, UnknownError
from connector.records import Agreement, Asset, Participant, Vouch
from policies.model import Reason
from tests.connector.data.world import (
    AGREEMENT,
    PEER,
    PID,
    PURPOSE,
    agreement,
    asset,
    count,
    open_store,
    purpose,
    started,
    until,
    world,
)

THING = asset("file", path="/nowhere")


def ask(**changes: Any) -> Ask:
    return msgspec.structs.replace(Ask(asset=THING, etag='"e"'), **changes)


@pytest.mark.parametrize("threaded", [True, False])
async def test_fifty_at_once_get_exactly_three(tmp_path: Path, threaded: bool) -> None:
    async with world(tmp_path, started(), agreement(count(3)), THING, threaded=threaded) as w:
        token = w.gate.credential(PID)
        done = await asyncio.gather(
            *(w.gate.admit(token, PID, ask(etag=f'"{n}"')) for n in range(50)), return_exceptions=True
        )
        uses = sorted(d.use for d in done if not isinstance(d, Exception))
        assert uses == [1, 2, 3]
        refused = [d for d in done if isinstance(d, AccessRefusedError)]
        assert len(refused) == 47
        assert all(r.reason.code.startswith("count") for r in refused)
        events = await w.events()
        assert (events.count("access.permitted"), events.count("access.refused")) == (3, 47)


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.connector.data.world import *
from connector.data.gate import Ask, AccessRefusedError
async def main():
    async with world(Path(sys.argv[1])) as w:
        async def one(n):
            try:
                asked = Ask(asset=asset("file", path="/nowhere"), etag=str(n))
                done = await w.gate.admit(w.gate.credential(PID), PID, asked)
                print("use", done.use, flush=True)
            except AccessRefusedError:
                print("refused", flush=True)
        await asyncio.gather(*(one(n) for n in range(int(sys.argv[2]))))
        print("ready", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def child(folder: Path, accesses: int) -> tuple[subprocess.Popen[str], list[str]]:
    """A process that makes its accesses and is killed with -9 right after the last one was told."""
    made = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(accesses)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert made.stdout is not None
    lines = []
    for line in made.stdout:
        lines.append(line.strip())
        if line.startswith("ready"):
            break
    made.send_signal(signal.SIGKILL)
    made.wait(10)
    made.stdout.close()
    return made, lines


@pytest.mark.process
async def test_a_kill_neither_forgets_nor_adds_a_use(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    await store.write(lambda tx: [tx.put(record) for record in (started(), agreement(count(3)), THING)])
    await store.close()
    told = [line for accesses in (2, 20) for line in child(tmp_path, accesses)[1]]
    assert [line for line in told if line.startswith("use")] == ["use 1", "use 2", "use 3"]
    assert told.count("refused") == 19
    store = open_store(tmp_path)
    assert await store.read(lambda view: view.drawn(f"uses:{AGREEMENT}")) == 3
    await store.close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "REQUESTED"}, "transfer.state"),
        ({"state": "SUSPENDED"}, "transfer.state"),
        ({"state": "COMPLETED"}, "transfer.state"),
        ({"state": "TERMINATED"}, "transfer.state"),
        ({"pending": "suspend"}, "transfer.state"),
        ({"pending": "terminate"}, "transfer.state"),
        ({"ending": Reason("operator")}, "transfer.state"),
        ({"peer": "did:web:stranger.example"}, "agreement.unknown"),
        ({"agreement": "urn:uuid:other"}, "agreement.unknown"),
    ],
)
async def test_what_is_not_in_force_refuses(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    async with world(tmp_path, started(**changes), agreement(), THING) as w:
        with pytest.raises(AccessRefusedError) as refused:
            await w.gate.admit(w.gate.credential(PID), PID, ask())
        assert refused.value.reason.code == code
        (entry,) = await w.log()
        assert (entry.event, entry.params["reason"]) == ("access.refused", code)


async def test_our_start_need_not_be_acknowledged(tmp_path: Path) -> None:
    async with world(tmp_path, started(state="REQUESTED", pending="start"), agreement(), THING) as w:
        assert (await w.gate.admit(w.gate.credential(PID), PID, ask())).peer == PEER


async def test_an_ended_agreement_says_why(tmp_path: Path) -> None:
    ended = msgspec.structs.replace(agreement(), in_force=False, ended=Reason("revoked"))
    async with world(tmp_path, started(), ended, THING) as w:
        with pytest.raises(AccessRefusedError) as refused:
            await w.gate.admit(w.gate.credential(PID), PID, ask())
        assert refused.value.reason.code == "revoked"


async def test_an_altered_agreement_is_not_used(tmp_path: Path) -> None:
    """Also when the good one was used just before: what is cached is bound to what is stored."""
    good = agreement(purpose())
    async with world(tmp_path, started(), good, THING) as w:
        token = w.gate.credential(PID)
        await w.gate.admit(token, PID, ask())
        wider = {**good.document, "permission": [{"action": "use"}]}
        await w.put(msgspec.structs.replace(good, document=wider))
        with pytest.raises(AccessRefusedError) as refused:
            await w.gate.admit(token, PID, ask())
        assert refused.value.reason.code == "agreement.damaged"


async def test_an_unknown_term_refuses_by_name(tmp_path: Path) -> None:
    strange = {"leftOperand": "moonPhase", "operator": "eq", "rightOperand": "full"}
    async with world(tmp_path, started(), agreement(strange), THING) as w:
        with pytest.raises(AccessRefusedError) as refused:
            await w.gate.admit(w.gate.credential(PID), PID, ask())
        assert "moonPhase" in str(refused.value)


async def test_credentials_are_of_one_transfer_each(tmp_path: Path) -> None:
    other = PID[:-1] + "2"
    async with world(tmp_path, started(), started(other), agreement(), THING) as w:
        assert w.gate.credential(PID) == w.gate.credential(PID) != w.gate.credential(other)
        for wrong in ("", "x", w.gate.credential(other), w.gate.credential(PID) + "A", "\udcff"):
            with pytest.raises(UnauthenticatedError):
                await w.gate.admit(wrong, PID, ask())
        with pytest.raises(UnknownError):
            await w.gate.admit(w.gate.credential("urn:x"), "urn:x", ask())
        assert await w.events() == []


async def test_purpose_is_what_is_stated_else_what_the_agreement_names(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(purpose()), THING) as w:
        token = w.gate.credential(PID)
        await w.gate.admit(token, PID, ask())
        await w.gate.admit(token, PID, ask(purpose=PURPOSE))
        with pytest.raises(AccessRefusedError):
            await w.gate.admit(token, PID, ask(purpose="https://w3id.org/dpv#Marketing"))
        permitted = [e for e in await w.log() if e.event == "access.permitted"]
        assert [e.params["purpose"] for e in permitted] == [PURPOSE, PURPOSE]
        assert permitted[0].params["hash"] == agreement(purpose()).hash
        assert permitted[0].params["rule"] == "permission/0"


async def test_a_continuation_is_no_use_and_only_of_what_was_drawn(tmp_path: Path) -> None:
    async with world(tmp_path, started(), started(PID[:-1] + "2"), agreement(count(1)), THING) as w:
        token = w.gate.credential(PID)
        assert (await w.gate.admit(token, PID, ask())).use == 1
        assert (await w.gate.admit(token, PID, ask(resumes=True))).use is None
        other = PID[:-1] + "2"
        for pid, asked in (
            (PID, ask()),
            (PID, ask(resumes=True, etag='"other"')),
            (other, ask(resumes=True)),
        ):
            with pytest.raises(AccessRefusedError):
                await w.gate.admit(w.gate.credential(pid), pid, asked)


async def test_looking_draws_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(count(1)), THING) as w:
        token = w.gate.credential(PID)
        for _ in range(3):
            assert (await w.gate.admit(token, PID, ask(draws=False))).use is None
        assert (await w.gate.admit(token, PID, ask())).use == 1
        with pytest.raises(AccessRefusedError):
            await w.gate.admit(token, PID, ask(resumes=True, etag='"looked at only"'))
        assert (await w.events()).count("access.examined") == 3


async def test_an_asset_that_moved_is_opened_again(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(count(1)), THING) as w:
        token = w.gate.credential(PID)
        assert await w.gate.asset(PID) == THING
        moved = asset("file", path="/elsewhere")
        await w.put(moved)
        with pytest.raises(MovedError):
            await w.gate.admit(token, PID, ask())
        assert await w.gate.asset(PID) == moved
        assert (await w.gate.admit(token, PID, ask(asset=moved))).use == 1
        await w.store.write(lambda tx: tx.delete(Asset, moved.id))
        with pytest.raises(AccessRefusedError) as refused:
            await w.gate.admit(token, PID, ask(asset=moved))
        assert refused.value.reason.code == "asset.withdrawn"


async def test_time_ends_a_permission(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(until("2100-01-01T00:00:00Z")), THING) as w:
        token = w.gate.credential(PID)
        await w.gate.admit(token, PID, ask())
        w.clock.ahead = 80 * 365 * 86_400 * 1_000_000
        with pytest.raises(AccessRefusedError):
            await w.gate.admit(token, PID, ask())


def peer(**change: Any) -> Participant:
    values: dict[str, Any] = {"name": "utility", "url": "https://u", "base": "https://u", "keys": {}, "words": ""}
    return Participant(id=PEER, added=0, added_by="a", **{**values, **change})


LATER = 4_000_000_000_000_000


@pytest.mark.parametrize(
    ("stands", "code"),
    [
        ({"vouch": Vouch(region="r", checked=0, until=1)}, "trust.lapsed"),
        ({"vouch": Vouch(region="", checked=0, until=LATER, refused=Reason("trust.revoked"))}, "trust.revoked"),
        ({}, "trust.unknown"),
        ({"pinned": True, "changed": Reason("peer.keys_changed")}, "peer.keys_changed"),
    ],
)
async def test_nobody_gets_anything_for_whom_nobody_vouches(tmp_path: Path, stands: dict[str, Any], code: str) -> None:
    async with world(tmp_path, started(), agreement(), THING, peer(**{"pinned": False, **stands})) as w:
        with pytest.raises(AccessRefusedError) as refused:
            await w.gate.admit(w.gate.credential(PID), PID, ask())
        assert refused.value.reason.code == code


async def test_a_stream_ends_when_nobody_vouches_any_more(tmp_path: Path) -> None:
    vouched = peer(pinned=False, vouch=Vouch(region="r", checked=0, until=LATER))
    async with world(tmp_path, started(), agreement(), THING, vouched) as w:
        done = await w.gate.admit(w.gate.credential(PID), PID, ask(streamed=True))
        assert done.watch is not None
        cut = asyncio.Event()
        done.watch.on_cut(cut.set)
        refused = Vouch(region="", checked=0, until=LATER, refused=Reason("trust.revoked"))
        await w.put(msgspec.structs.replace(vouched, vouch=refused))
        await w.say("participant", PEER)
        async with asyncio.timeout(1):
            await cut.wait()
        assert [reason.code for reason in done.watch.reasons] == ["trust.revoked"]
        await w.gate.outcome(done, "access.cut")


async def test_what_cannot_be_logged_does_not_happen(tmp_path: Path) -> None:
    def fault(point: str) -> None:
        if point == "gate.deciding":
            raise OSError

    async with world(tmp_path, started(), agreement(count(1)), THING, fault=fault) as w:
        with pytest.raises(OSError):
            await w.gate.admit(w.gate.credential(PID), PID, ask())
        assert await w.store.read(lambda view: view.drawn(f"uses:{AGREEMENT}")) == 0
        assert await w.events() == []
        assert await w.store.read(lambda view: view.get(Agreement, AGREEMENT)) is not None


KEPT = {
    "leftOperand": "urn:allmende:retentionPeriod",
    "operator": "lteq",
    "rightOperand": {"@value": "P90D", "@type": "xsd:duration"},
}
MEMBER = {"leftOperand": "urn:allmende:memberOf", "operator": "eq", "rightOperand": "urn:example:region"}


async def test_what_an_access_states_counts_where_it_is_its_to_state(tmp_path: Path) -> None:
    stated = {"urn:allmende:retentionPeriod": ("P60D",)}
    async with world(tmp_path, started(), agreement(KEPT), THING) as w:
        token = w.gate.credential(PID)
        for refused in ({}, {"urn:allmende:retentionPeriod": ("P91D",)}, {"urn:allmende:retentionPeriod": ("ever",)}):
            with pytest.raises(AccessRefusedError):
                await w.gate.admit(token, PID, ask(stated=refused))
        await w.gate.admit(token, PID, ask(stated=stated))
        permitted = [e for e in await w.log() if e.event == "access.permitted"]
        assert [e.params["stated"] for e in permitted] == ["urn%3Aallmende%3AretentionPeriod=P60D"]


async def test_nobody_states_what_a_credential_has_to_say(tmp_path: Path) -> None:
    async with world(tmp_path, started(), agreement(MEMBER), THING) as w:
        with pytest.raises(AccessRefusedError):
            stated = {"urn:allmende:memberOf": ("urn:example:region",)}
            await w.gate.admit(w.gate.credential(PID), PID, ask(stated=stated))


async def test_what_is_stated_comes_in_a_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n")
    thing = asset("file", path=str(tmp_path / "a.csv"))
    async with world(tmp_path, started(), agreement(KEPT), thing) as w:
        assert (await w.get())[0] == 403
        assert (await w.get(Allmende_Stated="urn:allmende:retentionPeriod=P60D"))[0] == 200
        assert (await w.get(Allmende_Stated="urn:allmende:retentionPeriod=P60D&x"))[0] == 403

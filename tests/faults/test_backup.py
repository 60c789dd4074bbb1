"""A backup while everything goes on, what it brings back, and what a database that went back may not do.

Covered: 32 clients negotiate while the backup is made; the node is restored from it, compares itself with its peer, and
then both agree about every negotiation and contract: what the backup has not seen comes back from the peer, held, by
this node's own signature. A database that is put back by hand (roll-back) is found out by what the peer keeps, on
either side, and nothing is bound or given until somebody says so.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certs.checkpoint import ed25519
from connector.backup.backup import back_up
from connector.backup.restore import Restored, declare, restore
from connector.protocol import codec
from connector.records import Agreement, Head, Outgoing, Participant, Signed, Tombstone, Written
from connector.services.proof.heads import audit_keys
from connector.services.proof.statements import Envelope, opened
from connector.store.view import View
from connector.system import SystemClock
from tests.faults.processes import AwayError, NodeProcess, RefusedError, until
from tests.faults.world import CONTENT, ENDED, NEGOTIATIONS, TRANSFERS, World

pytestmark = pytest.mark.process
SECRET = b"a passphrase for tests"
CLIENTS = 32
ALL = 100_000


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[World]:
    """Two neighbours of this test's own."""
    made = World(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def backed_up(node: NodeProcess) -> Path:
    """A fresh backup of a node, running or not."""
    target = node.directory.with_suffix(".backup")
    target.unlink(missing_ok=True)
    back_up(node.directory, target, SECRET, now=SystemClock().now(), environment={})
    return target


def lost_and_restored(node: NodeProcess, source: Path) -> Restored:
    """The machine is gone; the node is made again from its backup, and runs."""
    node.close()
    shutil.rmtree(node.directory)
    done = restore(source, node.directory, SECRET, clock=SystemClock())
    node.start()
    return done


def negotiating(world: World, enough: threading.Event) -> None:
    """One client that negotiates again and again, and does not mind anything."""
    while not enough.is_set():
        with contextlib.suppress(AwayError, RefusedError):
            begun = world.consumer.call("POST", NEGOTIATIONS, {"peer": "city", "dataset": world.datasets["plain"]})
            world.consumer.call("GET", f"{NEGOTIATIONS}/{begun['id']}", wait="1", version=str(begun["version"] + 3))
        enough.wait(0.02)


def contracts(node: NodeProcess) -> dict[str, Agreement]:
    return {one.id: one for one in node.look(lambda view: view.select(Agreement, limit=ALL))}


def standing(node: NodeProcess) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in node.listed(NEGOTIATIONS)}


def reconciled(world: World, node: NodeProcess) -> None:
    """Until a restored node has compared itself with its peer, and nothing is under way any more."""

    def done() -> bool:
        checks = {one["name"]: one["reason"] for one in node.call("GET", "/health")["checks"]}
        open_ones = [
            one
            for each in world.nodes
            for one in each.listed(NEGOTIATIONS)
            if one["state"] not in ENDED or one["pending"]
        ]
        return checks["restored"] is None and not open_ones and not any(_waiting(each) for each in world.nodes)

    until(done, f"{node.directory.name} is not reconciled: {world.standing(NEGOTIATIONS)}")


def _waiting(node: NodeProcess) -> int:
    def act(view: View) -> int:
        return view.count(Outgoing)

    return node.look(act)


def agree(world: World) -> None:
    """I1, I2, I5, I7 over a pair of which one has lost its memory: the sides stand alike, and both logs verify."""
    provider, consumer = standing(world.provider), standing(world.consumer)
    for side, other in ((provider, consumer), (consumer, provider)):
        for one in side.values():
            theirs = other.get(one["peer_pid"])
            assert one["state"] in ENDED, one
            assert theirs is not None or one["state"] == "TERMINATED", one
            assert theirs is None or theirs["state"] == one["state"], (one, theirs)
    ours, theirs_ = contracts(world.provider), contracts(world.consumer)
    assert {id: one.hash for id, one in ours.items() if one.in_force} == {
        id: one.hash for id, one in theirs_.items() if one.in_force
    }
    for node in world.nodes:
        until(lambda: node.call("GET", "/v1/audit/verify", timeout=30.0)["ok"], "I5")  # noqa: B023
        assert not node.call("GET", "/v1/audit/verify", timeout=30.0)["findings"]


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_a_backup_during_32_negotiations_is_one_moment_of_the_node(pair: World, who: str) -> None:
    node: NodeProcess = getattr(pair, who)
    enough = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as clients:
        running = [clients.submit(negotiating, pair, enough) for _ in range(CLIENTS)]
        until(lambda: len(pair.consumer.listed(NEGOTIATIONS)) > CLIENTS, "no negotiations")
        source = backed_up(node)
        then = len(pair.consumer.listed(NEGOTIATIONS))
        until(lambda: len(pair.consumer.listed(NEGOTIATIONS)) > then + CLIENTS, "no more negotiations")
        node.kill()  # the machine is gone in the middle of it
        enough.set()
    for one in running:
        one.result()
    done = lost_and_restored(node, source)
    assert done.findings == ()
    assert done.did == node.did
    reconciled(pair, node)
    agree(pair)
    held = [one for one in contracts(node).values() if one.held is not None]
    assert held, "contracts from after the backup came back"
    assert {one.held.code for one in held if one.held} == {"contract.reinstated"}
    assert len(held) < len(contracts(node)), "those that both had alike go on"
    before = contracts(node)
    pair.negotiate()
    assert len(contracts(node)) == len(before) + 1


# --- a database that went back ----------------------------------------------------------------------------------------


def database(node: NodeProcess) -> list[Path]:
    """The files of a node's database."""
    return [
        node.directory / f"state.db{end}"
        for end in ("", "-wal", "-shm")
        if (node.directory / f"state.db{end}").exists()
    ]


def stopped_copy(node: NodeProcess) -> Path:
    """A copy of a node's database, as somebody makes one who knows no better; the node runs on afterwards."""
    node.close()
    kept = node.directory.with_suffix(".copy")
    kept.mkdir()
    for file in database(node):
        shutil.copy(file, kept / file.name)
    node.start()
    return kept


def put_back(node: NodeProcess, kept: Path) -> None:
    """The copy in the place of the database, and the node started on it as if nothing were."""
    node.close()
    for file in database(node):
        file.unlink()
    for file in kept.iterdir():
        shutil.copy(file, node.directory / file.name)
    with contextlib.suppress(RefusedError):  # not ready, as soon as it knows
        node.start()


def head_kept_by(node: NodeProcess, of: NodeProcess) -> int:
    """The size of the head of `of` that `node` keeps."""
    found = node.look(lambda view: view.get(Head, of.did))
    return 0 if found is None else found.size


def own_size(node: NodeProcess) -> int:
    found = node.look(lambda view: view.head())
    return 0 if found is None else found.size


def shown(node: NodeProcess, to: NodeProcess) -> None:
    """Until the peer keeps the newest head of a node."""
    until(lambda: head_kept_by(to, node) >= own_size(node), "the head is not shown")


def health(node: NodeProcess, name: str) -> str:
    """What is wrong with a thing that is looked after; "" where nothing is."""
    checks = {one["name"]: one["reason"] for one in node.call("GET", "/health")["checks"]}
    return checks[name]["code"] if checks[name] else ""


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_F19_a_database_that_went_back_binds_nobody_and_gives_nothing(pair: World, who: str) -> None:
    node: NodeProcess = getattr(pair, who)
    other = pair.consumer if node is pair.provider else pair.provider
    contract = pair.contract()
    assert pair.fetch(contract) == CONTENT
    kept = stopped_copy(node)
    pair.contract()
    shown(node, other)
    before, size = head_kept_by(other, node), own_size(node)
    put_back(node, kept)
    assert own_size(node) < before
    until(lambda: health(node, "store") == "node.rolled_back", "not found out")
    assert node.call("GET", "/v1/status")["health"]["status"] == "degraded", "it can be looked at"
    with pytest.raises(RefusedError, match=r"node\.rolled_back"):
        node.call("POST", "/v1/policies", {"name": "new", "terms": {}})
    with pytest.raises(RefusedError):
        pair.consumer.call("GET", f"/v1/contracts/{contract}/data", timeout=30.0)
    held = len(contracts(node))
    with pytest.raises(RefusedError):
        pair.consumer.call("POST", NEGOTIATIONS, {"peer": "city", "dataset": pair.datasets["plain"]}, timeout=30.0)
    stands = own_size(node)
    assert stands < size
    assert head_kept_by(other, node) == before, "no smaller head was shown"
    assert not [one for one in log(other) if one.event == "head.conflict"]
    node.kill()
    until(lambda: health(node, "store") == "node.rolled_back", "not found out again")
    assert own_size(node) == stands, "nothing was signed"
    node.close()
    done = declare(node.directory, clock=SystemClock(), environment={})
    assert done.held >= 1
    node.start()
    reconciled(pair, node)
    agree(pair)
    assert len(contracts(node)) > held
    shown(node, other)
    told = [one for one in log(other) if one.event == "head.generation"]
    assert len(told) == 1
    assert int(told[0].params["lost"]) == before - int(told[0].params["carried"]) > 0
    assert pair.fetch(contract) == CONTENT, "what both sides have alike goes on"
    pair.negotiate()
    shown(node, other)
    put_back(node, kept)
    until(lambda: health(node, "store") == "node.rolled_back", "a second time, behind the new generation")


def log(node: NodeProcess) -> list[Written]:
    entries = node.look(lambda view: view.log(limit=ALL))
    return [msgspec.json.decode(one.body, type=Written) for one in entries]


def test_a_node_whose_peers_are_away_works_and_asks_when_they_are_back(pair: World) -> None:
    node, other = pair.provider, pair.consumer
    kept = stopped_copy(node)
    pair.contract()
    shown(node, other)
    other.close()
    put_back(node, kept)
    node.call("POST", "/v1/policies", {"name": "new", "terms": {}})
    assert health(node, "store") == "", "nobody can tell"
    other.start()
    until(lambda: health(node, "store") == "node.rolled_back", "not asked when the peer was back")


# --- what a restore may not bring back --------------------------------------------------------------------------------


def test_a_contract_whose_uses_are_counted_is_held_until_a_person_releases_it(pair: World) -> None:
    plain, counted = pair.contract("plain"), pair.contract("thrice")
    assert pair.fetch(counted) == CONTENT
    source = backed_up(pair.provider)
    assert pair.fetch(counted) == CONTENT
    lost_and_restored(pair.provider, source)
    reconciled(pair, pair.provider)
    codes = {id: one.held and one.held.code for id, one in contracts(pair.provider).items()}
    assert codes == {plain: None, counted: "contract.counter"}
    assert pair.fetch(plain) == CONTENT
    with pytest.raises(RefusedError):
        pair.consumer.call("GET", f"/v1/contracts/{counted}/data", timeout=30.0)
    pair.provider.call("POST", f"/v1/contracts/{counted}/release", {})
    assert pair.fetch(counted) == CONTENT


def test_a_destroyed_key_stays_destroyed(pair: World) -> None:
    source = backed_up(pair.provider)
    old = {one["name"]: one["thumbprint"] for one in pair.provider.call("GET", "/v1/keys")["items"]}
    for name in ("grant", "sealing"):
        pair.provider.call("POST", f"/v1/keys/{name}/rotate", {})
    now = {
        one["name"]: one["thumbprint"] for one in pair.provider.call("GET", "/v1/keys")["items"] if not one["destroyed"]
    }
    assert now["grant"] != old["grant"]
    until(lambda: pair.consumer.look(lambda view: view.count(Tombstone, owner=pair.provider.did)) == 2, "not told")
    lost_and_restored(pair.provider, source)
    reconciled(pair, pair.provider)
    keys = pair.provider.call("GET", "/v1/keys")["items"]
    used = {one["name"]: one["thumbprint"] for one in keys if not one["destroyed"]}
    gone = {one["thumbprint"] for one in keys if one["destroyed"]}
    assert {old["grant"], old["sealing"]} <= gone
    assert not gone & set(used.values())
    assert (used["token"], used["audit"]) == (old["token"], old["audit"]), "who it is stays"
    assert pair.fetch(pair.contract()) == CONTENT


# --- a peer that shows two faces --------------------------------------------------------------------------------------


def rewritten_contract(node: NodeProcess, id: str) -> None:
    """Another text of a contract in a node's database, with the hash that fits it, as a cheat would keep it."""
    node.close()
    with sqlite3.connect(node.directory / "state.db") as connection:
        (body,) = connection.execute("SELECT body FROM agreement WHERE id = ?", (id,)).fetchone()
        known = msgspec.msgpack.decode(body, type=Agreement)
        message = known.message.replace(b'"use"', b'"sell"')
        assert message != known.message
        document = codec.agreement_of(message)
        other = msgspec.structs.replace(known, message=message, document=document, hash=codec.digest(document))
        connection.execute("UPDATE agreement SET body = ? WHERE id = ?", (msgspec.msgpack.encode(other), id))
    connection.close()
    node.start()


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_F40_another_text_of_a_contract_is_found_and_proved_by_its_signed_statement(pair: World, who: str) -> None:
    cheat: NodeProcess = getattr(pair, who)
    honest, name = (pair.consumer, "city") if who == "provider" else (pair.provider, "utility")
    contract = pair.contract()
    assert honest.call("POST", f"/v1/peers/{name}/reconcile", {}, timeout=30.0)["differences"] == []
    rewritten_contract(cheat, contract)
    told = until(lambda: honest.call("POST", f"/v1/peers/{name}/reconcile", {}, timeout=30.0), "not compared")
    (found,) = told["differences"]
    assert found["code"] == "reconcile.other_terms"
    assert found["params"]["contract"] == contract
    assert "signed statement is kept" in found["sentence"]
    ours = contracts(honest)[contract]
    kept = honest.look(lambda view: view.select(Signed, process=f"statement {cheat.did}"))
    own = honest.look(lambda view: view.get(Participant, cheat.did))
    assert own is not None
    public = audit_keys(own)
    assert public
    envelope = Envelope(said=kept[0].body.decode(), note=kept[0].headers["note"])
    said = opened(envelope, cheat.did, honest.did, public, ed25519)
    assert {one.id: one.hash for one in said.contracts} == {contract: found["params"]["theirs"]}
    assert ours.hash == found["params"]["ours"] != found["params"]["theirs"]
    letters = honest.look(lambda view: view.select(Signed, process=ours.negotiation, limit=100))
    assert [one for one in letters if one.sender == cheat.did and one.headers], "and what it signed then"
    assert [one.params["code"] for one in log(honest) if one.event == "reconcile.differs"] == ["reconcile.other_terms"]
    assert "reconcile.differs" in {one.event for one in log(cheat)}, "the other side's people hear of it too"
    assert not ours.held, "nothing is changed by looking"


def test_a_transfer_that_both_have_in_the_same_state_goes_on_from_the_right_number(pair: World) -> None:
    """Suspended and resumed after the backup: the state is the same again, the numbers of its messages are not."""
    contract = pair.contract()
    pid = pair.begun(TRANSFERS, {"contract": contract})
    theirs = pair.wait(TRANSFERS, pid, "STARTED")
    source = backed_up(pair.provider)
    for move, goal in (("suspend", "SUSPENDED"), ("resume", "STARTED")) * 2:
        pair.command(pair.provider, theirs, move, goal)
        pair.wait(TRANSFERS, pid, goal)
    lost_and_restored(pair.provider, source)
    reconciled(pair, pair.provider)
    assert pair.fetch(contract) == CONTENT
    for move, goal in (("suspend", "SUSPENDED"), ("resume", "STARTED"), ("complete", "COMPLETED")):
        pair.command(pair.provider, theirs, move, goal)
        pair.wait(TRANSFERS, pid, goal)


def test_F19_a_log_that_lost_its_tail_with_the_wal_is_found_out(pair: World) -> None:
    node, other = pair.provider, pair.consumer
    node.close()
    node.start()  # what was before is in the database itself
    pair.contract()
    shown(node, other)
    before = own_size(node)
    node._wanted = False
    node.kill()
    node.close()
    lost = node.directory / "state.db-wal"
    assert lost.stat().st_size > 0
    lost.unlink()
    (node.directory / "state.db-shm").unlink(missing_ok=True)
    with contextlib.suppress(RefusedError):
        node.start()
    until(lambda: health(node, "store") == "node.rolled_back", "not found out")
    assert own_size(node) < before == head_kept_by(other, node)

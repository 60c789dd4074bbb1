"""Every fault is seeded for real and named first: files, disks, certificates, proxies, clocks, peers, databases."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from certs import did, keys
from connector.doctor import examination, memory, program
from connector.ports import Transaction
from connector.records import Outgoing, Participant, Right
from connector.system import SystemClock
from tests.connector.doctor.fronts import Front, deaf, fronted
from tests.connector.doctor.patients import Patient, Shifted, examined, neighbour
from tests.harness.authority import Authority
from tests.harness.disks import small_disk

Seed = Callable[[Path, pytest.MonkeyPatch], Awaitable[list[str]]]
SEEDS: dict[str, tuple[str, Seed]] = {}


def names(code: str) -> Callable[[Seed], Seed]:
    """Enter a fault: the finding that has to come first, and how the fault is made."""

    def enter(seed: Seed) -> Seed:
        SEEDS[seed.__name__] = (code, seed)
        return seed

    return enter


async def test_a_running_node_behind_a_good_proxy_is_well(tmp_path: Path) -> None:
    async with Patient(tmp_path).served() as made, neighbour(tmp_path, made):
        assert await examined(made) == []


async def test_a_silo_that_hangs_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "PATIENCE", 0.2)
    released = threading.Event()
    async with Patient(tmp_path).served() as made:
        for name in ("trees", "roads"):
            await made.offers.add_asset("mayor", name=name, title=name, kind="live", settings={})
        monkeypatch.setattr(made.doctor, "_check", lambda kind, settings: released.wait(20) and [])
        try:
            async with asyncio.timeout(15):
                assert await examined(made) == ["doctor.source"]
        finally:
            released.set()


async def test_a_stopped_node_is_well(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    assert await patient.stopped() == []
    await patient.ran()
    assert await patient.stopped() == []


async def test_a_killed_node_is_well_and_nothing_in_its_directory_changes(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    async with patient.running():
        left = patient.copy("left")  # as a kill leaves it: with a write-ahead log
    assert (left / "state.db-wal").stat().st_size > 0
    before = {path.name: path.read_bytes() for path in left.iterdir() if path.is_file() and path.suffix != ".db-shm"}
    patient.directory = left
    assert await patient.stopped() == []
    assert {name: (left / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("head", "found"), [(None, []), ("#log-1795249483", []), ("#log-x", ["node.identity"]), ("x", ["node.identity"])]
)
def test_a_restored_node_is_who_it_was(tmp_path: Path, head: str | None, found: list[str]) -> None:
    """A restore begins another generation of the log, which goes by a name of its own."""
    patient = Patient(tmp_path)
    log = None if head is None else SimpleNamespace(id=did.of_url(patient.url) + head)
    view: Any = SimpleNamespace(head=lambda: log)
    assert [one.code for one in memory.identity(view, patient.config)] == found


# --- settings and program ---------------------------------------------------------------------------------------------


@names("config.wrong")
async def settings(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    patient.rewrite("[public]", "[pubic]")
    return await patient.stopped()


@names("doctor.python")
async def python_too_old(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    patch.setattr(program, "OLDEST", (9, 9))
    return await patient.stopped()


@names("doctor.package")
async def cbor2_beyond_its_pin(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    real = metadata.version
    patch.setattr(metadata, "version", lambda name: "6.0.1" if name == "cbor2" else real(name))
    return await Patient(folder).stopped()


@names("doctor.management_open")
async def management_open_to_the_world(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    patient.environment["ALLMENDE_MANAGEMENT__HOST"] = "0.0.0.0"
    return await patient.stopped()


@names("doctor.port_taken")
async def another_program_on_its_port(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    with socket.create_server(("127.0.0.1", patient.port)):
        return await patient.stopped()


# --- files and disk ---------------------------------------------------------------------------------------------------


@names("key.mode")
async def key_readable_by_others(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    (patient.directory / "keys/audit.pem").chmod(0o644)
    return await patient.stopped()


@names("key.missing")
async def key_lost(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    (patient.directory / "keys/seal.key").unlink()
    return await patient.stopped()


@names("doctor.file_mode")
async def credential_readable_by_others(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    (patient.directory / "token").chmod(0o640)
    return await patient.stopped()


@names("doctor.file_mode")
async def database_writable_by_others(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    (patient.directory / "state.db").chmod(0o666)
    return await patient.stopped()


@names("doctor.file_owner")
async def database_of_somebody_else(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    patient = Patient(folder)
    await patient.ran()
    os.chown(patient.directory / "state.db", 65534, -1)
    return await patient.stopped()


@names("doctor.disk_full")
async def disk_full(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    with small_disk(folder / "disk", "size=4m") as place:
        patient = Patient(place)
        await patient.ran()
        with (place / "dump").open("wb") as dump:
            try:
                while True:
                    dump.write(b"x" * 65_536)
                    dump.flush()
            except OSError:
                pass
        return await patient.stopped()


@names("doctor.disk_full")
async def disk_nearly_full(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    with small_disk(folder / "disk", "size=8m") as place:
        patient = Patient(place)
        await patient.ran()
        left = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        (place / "dump").write_bytes(b"x" * (left - 200_000))
        return await patient.stopped()


@names("doctor.disk_readonly")
async def disk_readonly(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    with small_disk(folder / "disk", "size=8m") as place:
        patient = Patient(place)
        await patient.ran()
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        return await patient.stopped()


@names("doctor.inodes")
async def inodes_gone(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    with small_disk(folder / "disk", "size=8m,nr_inodes=60") as place:
        patient = Patient(place)
        await patient.ran()
        for n in range(100):
            try:
                (place / f"small-{n}").touch()
            except OSError:
                break
        return await patient.stopped()


# --- database, identity, clock ----------------------------------------------------------------------------------------


@names("store.newer")
async def schema_newer(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    with sqlite3.connect(patient.directory / "state.db") as database:
        database.execute("PRAGMA user_version=99")
    return await patient.stopped()


@names("store.damaged")
async def database_damaged(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    with (patient.directory / "state.db").open("r+b") as file:
        file.seek(4096)
        file.write(secrets.token_bytes(8192))
    return await patient.stopped()


@names("store.damaged")
async def database_header_gone(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    with (patient.directory / "state.db").open("r+b") as file:
        file.write(b"\0" * 100)
    return await patient.stopped()


@names("audit.leaf")
async def log_entry_changed(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    with sqlite3.connect(patient.directory / "state.db") as database:
        database.execute("UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'admin', 'nimda') AS BLOB)")
    return await patient.stopped()


@names("audit.leaf")
async def log_entry_changed_while_it_runs(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served() as made:
        with sqlite3.connect(patient.directory / "state.db") as database:
            database.execute("UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'admin', 'nimda') AS BLOB)")
        return await examined(made)


@names("audit.signature")
async def keys_of_another_node(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    shutil.rmtree(patient.directory / "keys")
    keys.create(patient.directory / "keys")
    return await patient.stopped()


@names("node.identity")
async def address_changed(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    patient.rewrite("/city", "/town")
    return await patient.stopped()


@names("doctor.clock_back")
async def clock_set_back(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    patient.clock = Shifted(-2 * 86_400)
    return await patient.stopped()


@names("doctor.clock_off")
async def clock_ahead_of_the_peers(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    patient.clock = Shifted(300)
    async with patient.served() as made, neighbour(folder, made):
        return await examined(made)


@names("doctor.lab")
async def lab_node_with_public_peers(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served() as made:
        await made.store.write(lambda tx: tx.put(stranger("https://utility.invalid")))
        return await examined(made)


def stranger(url: str) -> Participant:
    """A peer that was pinned once."""
    document = keys.generate()
    return Participant(
        id=did.of_url(url),
        name="utility",
        url=url,
        base=f"{url}/dsp/2025-1",
        keys={f"{did.of_url(url)}#token": document.token_jwk},
        words="",
        added=0,
        added_by="test",
    )


# --- name, route, certificate -----------------------------------------------------------------------------------------


@names("reach.name")
async def name_does_not_resolve(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder, "https://daten.stadt.invalid")
    async with patient.running() as made:
        return await examined(made)


@names("reach.name")
async def name_does_not_resolve_for_a_stopped_one(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    return await Patient(folder, "https://daten.stadt.invalid").stopped()


@names("reach.refused")
async def port_not_reachable(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    async with Patient(folder).running() as made:
        return await examined(made)


@names("reach.silent")
async def firewall_that_drops(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.running() as made, deaf(patient.front_port):
        return await examined(made)


@names("reach.tls")
async def no_tls_at_all(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.running() as made, fronted(Front(patient.port), None, patient.front_port):
        return await examined(made)


@names("reach.tls_expired")
async def certificate_expired(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(pair=patient.authority.issue(since=-90, until=-1)) as made:
        return await examined(made)


@names("reach.tls_early")
async def certificate_of_tomorrow(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(pair=patient.authority.issue(since=1, until=90)) as made:
        return await examined(made)


@names("reach.tls_name")
async def certificate_for_another_name(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(pair=patient.authority.issue("www.stadt.example")) as made:
        return await examined(made)


@names("reach.tls_trust")
async def chain_not_trusted(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(pair=Authority(folder / "other", "other").issue()) as made:
        return await examined(made)


@names("reach.tls_soon")
async def certificate_about_to_expire(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(pair=patient.authority.issue(until=5)) as made:
        return await examined(made)


def own_certificate(patient: Patient, certificate: Path, key: Path) -> None:
    """TLS ended by the node itself."""
    patient.environment["ALLMENDE_PUBLIC__TLS_CERTIFICATE"] = str(certificate)
    patient.environment["ALLMENDE_PUBLIC__TLS_KEY"] = str(key)


@names("doctor.tls_key")
async def key_of_another_certificate(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    own_certificate(patient, patient.authority.issue().certificate, patient.authority.issue(into=folder / "other").key)
    return await patient.stopped()


@names("doctor.tls_missing")
async def certificate_file_gone(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    own_certificate(patient, folder / "fullchain.pem", patient.authority.issue().key)
    return await patient.stopped()


@names("reach.tls_expired")
async def own_certificate_expired(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    pair = patient.authority.issue(since=-90, until=-1)
    own_certificate(patient, pair.certificate, pair.key)
    return await patient.stopped()


# --- the proxy --------------------------------------------------------------------------------------------------------


@names("reach.prefix")
async def prefix_stripped_by_the_proxy(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    front = Front(patient.port, path=lambda path: path.removeprefix("/city"))
    async with patient.served(front) as made:
        return await examined(made)


@names("reach.missing")
async def another_site_answers(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    front = Front(patient.port, static={"/city/did.json": (404, b"<h1>Not here</h1>")})
    async with patient.served(front) as made:
        return await examined(made)


@names("reach.missing")
async def version_document_not_passed_on(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    front = Front(patient.port, static={"/city/.well-known/dspace-version": (404, b"")})
    async with patient.served(front) as made:
        return await examined(made)


@names("reach.redirect")
async def proxy_redirects(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(Front(patient.port, moved="https://www.stadt.example/")) as made:
        return await examined(made)


@names("reach.host")
async def host_replaced_by_the_proxy(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(Front(patient.port, host="backend.internal")) as made:
        return await examined(made)


@names("reach.backend")
async def proxy_does_not_find_the_node(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(Front(1)) as made:
        return await examined(made)


@names("doctor.authorization")
async def authorization_stripped_by_the_proxy(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(Front(patient.port, drop=("authorization",))) as made:
        return await examined(made)


@names("doctor.buffering")
async def answers_buffered_by_the_proxy(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served(Front(patient.port, gather=True)) as made:
        return await examined(made)


@names("doctor.management_exposed")
async def management_behind_the_proxy(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    front = Front(patient.port)
    async with patient.served(front) as made:
        front.port = lambda path: made.management_listener.port if path == "/health" else None
        return await examined(made)


@names("reach.keys")
async def own_document_is_an_old_copy(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    old = keys.generate()
    document = did.document(patient.url, f"{patient.url}/dsp/2025-1", old.published())
    front = Front(patient.port, static={"/city/did.json": (200, msgspec.json.encode(document))})
    async with patient.served(front) as made:
        return await examined(made)


@names("reach.did")
async def another_node_answers(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served() as made, neighbour(folder, made) as other:
        document = msgspec.json.encode(did.document(other.config.public_url, other.base, {}))
        front = Front(patient.port, static={"/city/did.json": (200, document)})
        found = await made.road.documents(patient.url, made.did, {}, private=True)
        assert found is not None
        assert found.code == "reach.keys"
    async with patient.served(front) as made:
        return [code for code in await examined(made) if code != "doctor.peer_gone"]


# --- peers ------------------------------------------------------------------------------------------------------------


@names("doctor.peer_keys")
async def peer_made_new_keys(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    async with Patient(folder).served() as made:
        async with neighbour(folder, made):
            pass
        shutil.rmtree(folder / "utility" / "keys")
        (folder / "utility" / "state.db").unlink()
        keys.create(folder / "utility" / "keys")
        peer = await made.peers.get("utility")
        await made.peers.remove("test", "utility")
        async with neighbour(folder, made):
            await made.store.write(lambda tx: tx.put(peer))
            return await examined(made)


@names("doctor.witness_silent")
async def witness_silent(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    async with Patient(folder).served() as made, neighbour(folder, made, knows=False):
        return await examined(made)


@names("doctor.rolled_back")
async def database_rolled_back(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    async with patient.served() as made, neighbour(folder, made) as other:
        pass
    old = patient.copy("backup")
    other_port = other.config.public.port
    async with patient.served() as made, standing(folder, other_port):
        await made.operators.add("test", "maria", Right.AUDITOR)
        peer = await made.peers.get("utility")
        assert await made.heads.push(peer) is None
    shutil.rmtree(patient.directory)
    shutil.copytree(old, patient.directory)
    async with standing(folder, other_port), fronted(Front(1), patient.authority.issue().context, patient.front_port):
        return await patient.stopped()


@asynccontextmanager
async def standing(folder: Path, port: int) -> AsyncIterator[Any]:
    """The neighbour again, as it was."""
    from connector import config, node

    environment = {"ALLMENDE_NETWORK__EXTRA_CA": str(folder / "ca" / "authority.pem")}
    other = node.build(config.load(folder / "utility", environment))
    assert other.config.public.port == port
    await other.start()
    try:
        yield other
    finally:
        await other.close()


@names("doctor.outbox")
async def outbox_stuck(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    await patient.ran()
    item = Outgoing(
        id="urn:uuid:1#1",
        peer=did.of_url("http://127.0.0.1:9"),
        process="negotiation",
        pid="urn:uuid:1",
        move="request",
        kind="ContractRequestMessage",
        url="http://127.0.0.1:9/dsp/negotiations/request",
        body=b"{}",
        created=SystemClock().now() - 5 * 3600 * 1_000_000,
    )
    peer = msgspec.structs.replace(stranger("http://127.0.0.1:9"), private=True)

    def waits(tx: Transaction) -> None:
        tx.put(peer)
        tx.put(item)

    async with patient.running() as made:
        await made.outbox.close()
        await made.store.write(waits)
    return await patient.stopped()


@names("doctor.source")
async def data_moved_away(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    (folder / "trees.csv").write_text("oak")
    async with Patient(folder).served() as made:
        settings = {"path": str(folder / "trees.csv")}
        await made.offers.add_asset("test", name="trees", title="", kind="file", settings=settings)
        assert await examined(made) == []
        (folder / "trees.csv").unlink()
        return await examined(made)


@names("doctor.source")
async def data_moved_away_from_a_stopped_one(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patient = Patient(folder)
    (folder / "trees.csv").write_text("oak")
    async with patient.running() as made:
        settings = {"path": str(folder / "trees.csv")}
        await made.offers.add_asset("test", name="trees", title="", kind="file", settings=settings)
    (folder / "trees.csv").unlink()
    return await patient.stopped()


# --- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", sorted(SEEDS))
async def test_fault_is_named_first(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, seed = SEEDS[fault]
    found = await seed(tmp_path, monkeypatch)
    assert found[:1] == [code], found


def test_there_are_enough_of_them() -> None:
    assert len({code for code, _ in SEEDS.values()}) >= 15

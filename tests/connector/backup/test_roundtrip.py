"""connector/backup: backup, restore, export and import of a whole small node."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certs import checkpoint, keys, ring
from certs.ring import Key
from connector.backup import contents, places
from connector.backup.archive import seal
from connector.backup.backup import back_up
from connector.backup.contents import End, File, Manifest
from connector.backup.exporting import export
from connector.backup.importing import import_
from connector.backup.restore import restore
from connector.errors import NodeError
from connector.founding import initialise
from connector.records import Agreement, Asset, Entry, Generation, Reconciliation
from connector.services.proof import generations
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock
from tests.connector.backup.made import agreement, participant

SECRET = b"a passphrase for tests"
CLOCK = SystemClock()
DID = "did:web:127.0.0.1%3A9"


@pytest.fixture
async def city(tmp_path: Path) -> Path:
    """A node's directory with a peer, a contract, an asset, counters and a log of some length."""
    folder = tmp_path / "city"
    initialise(folder, "http://127.0.0.1:9", public_port=9, management_port=10, lab=True)
    store = opened(folder)
    await store.write(lambda tx: tx.put(participant()))
    await store.write(lambda tx: tx.put(agreement(DID)))
    await store.write(lambda tx: [tx.record(Entry(event="e", actor="node", params={"n": str(n)})) for n in range(700)])
    await store.write(lambda tx: [tx.draw("uses:a") for _ in range(3)])
    await store.write(lambda tx: tx.use_token("did:web:x", "jti", CLOCK.now() + 10**9))
    asset = Asset(id="a", name="a", title="A", kind="file", settings={"path": "x"}, created=1, created_by="ada")
    await store.write(lambda tx: tx.put(asset))
    await store.close()
    return folder


def opened(folder: Path) -> SqliteStore:
    own = keys.load(folder / "keys")
    sign = generations.signer(DID, own.head_public, own.sign_head, 0)
    return SqliteStore.open(folder / "state.db", clock=CLOCK, sign_head=sign, threaded=False)


def backed_up(city: Path, target: Path) -> Path:
    back_up(city, target, SECRET, now=CLOCK.now(), environment={})
    return target


def rows(folder: Path) -> dict[str, list[Any]]:
    """Everything in a database."""
    with sqlite3.connect(folder / "state.db") as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in names}


def code(act: Callable[[], object]) -> str:
    with pytest.raises(NodeError) as refused:
        act()
    return refused.value.reason.code


def in_thread(act: Callable[[], Any]) -> Any:
    """`restore` runs an event loop of its own, as a command does."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as one:
        return one.submit(act).result()


async def test_the_same_participant_comes_back_marked_as_restored(city: Path, tmp_path: Path) -> None:
    source = backed_up(city, tmp_path / "x.backup")
    assert stat.S_IMODE(source.stat().st_mode) == 0o600
    made = tmp_path / "made"
    done = in_thread(lambda: restore(source, made, SECRET, clock=CLOCK))
    assert (done.did, done.entries, done.held, done.findings) == (DID, 700, 1, ())
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    for name in (*(f"keys/{key}" for key in keys.FILES), "token", "allmende.toml"):
        assert (made / name).read_bytes() == (city / name).read_bytes()
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*")), "nothing is left beside it"
    before, after = rows(city), rows(made)
    for table in ("asset", "participant", "counter", "token", "node"):
        assert after[table] == before[table], table
    assert after["audit"][:700] == before["audit"]
    store = opened(made)
    contract = await store.read(lambda view: view.get(Agreement, "urn:agreement"))
    marks = await store.read(lambda view: view.select(Reconciliation))
    (generation,) = await store.read(lambda view: view.select(Generation))
    head = await store.read(lambda view: view.head())
    await store.close()
    assert contract is not None
    assert contract.held is not None
    assert [one.state for one in marks] == ["open"]
    assert head is not None
    assert checkpoint.generation(head.id, DID) == generation.number == done.generation
    assert (generation.size, head.size) == (700, 701)


async def test_two_restores_of_one_backup_are_two_generations(city: Path, tmp_path: Path) -> None:
    source = backed_up(city, tmp_path / "x.backup")
    first = in_thread(lambda: restore(source, tmp_path / "one", SECRET, clock=CLOCK))
    again = backed_up(tmp_path / "one", tmp_path / "y.backup")
    second = in_thread(lambda: restore(again, tmp_path / "two", SECRET, clock=CLOCK))
    assert second.generation > first.generation


async def test_what_a_backup_refuses(city: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.backup"
    assert code(lambda: back_up(city, target, b"short", now=1, environment={})) == "backup.short"
    backed_up(city, target)
    assert code(lambda: backed_up(city, target)) == "backup.exists"
    assert code(lambda: backed_up(city, tmp_path / "no" / "x.backup")) == "backup.write"
    (city / "keys" / "seal.key").chmod(0o644)
    assert code(lambda: backed_up(city, tmp_path / "y.backup")) == "key.mode"
    assert code(lambda: backed_up(tmp_path / "nobody", tmp_path / "z.backup")) == "config.missing"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["city", "x.backup"]


async def test_keys_that_change_meanwhile_are_noticed(city: Path, tmp_path: Path) -> None:
    def fault(point: str) -> None:
        (city / "keys" / "grant.key").write_text("ab" * 32)

    target = tmp_path / "x.backup"
    assert code(lambda: back_up(city, target, SECRET, now=1, environment={}, fault=fault)) == "backup.moved"
    assert not target.exists()


async def test_what_the_settings_name_is_in_it_or_said_not_to_be(city: Path, tmp_path: Path) -> None:
    (city / "tls").mkdir()
    (city / "tls" / "cert.pem").write_text("certificate")
    elsewhere = tmp_path / "key.pem"
    elsewhere.write_text("key")
    environment = {"ALLMENDE_PUBLIC__TLS_CERTIFICATE": str(city / "tls" / "cert.pem")}
    environment["ALLMENDE_PUBLIC__TLS_KEY"] = str(elsewhere)
    done = back_up(city, tmp_path / "x.backup", SECRET, now=1, environment=environment)
    assert done.outside == (str(elsewhere),)
    in_thread(lambda: restore(tmp_path / "x.backup", tmp_path / "made", SECRET, clock=CLOCK))
    assert (tmp_path / "made" / "tls" / "cert.pem").read_text() == "certificate"


async def test_a_restore_is_whole_or_not_at_all(city: Path, tmp_path: Path) -> None:
    source, made = backed_up(city, tmp_path / "x.backup"), tmp_path / "made"
    content = source.read_bytes()

    def tried(data: bytes, secret: bytes = SECRET) -> str:
        source.write_bytes(data)
        found = code(lambda: in_thread(lambda: restore(source, made, secret, clock=CLOCK)))
        assert not made.exists()
        assert not list(tmp_path.glob(".*"))
        return found

    assert tried(content, b"another passphrase") == "backup.passphrase"
    assert tried(content[:-1]) == "backup.changed"
    for place in range(len(content) - 40, len(content), 3):
        assert tried(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :]) == "backup.changed"
    assert tried(b"") == "backup.format"
    source.write_bytes(content)
    made.mkdir()
    (made / "something").touch()
    assert code(lambda: in_thread(lambda: restore(source, made, SECRET, clock=CLOCK))) == "restore.occupied"
    (made / "something").unlink()
    in_thread(lambda: restore(source, made, SECRET, clock=CLOCK))
    assert (made / "allmende.toml").exists()
    assert (
        code(lambda: in_thread(lambda: restore(tmp_path / "no", tmp_path / "b", SECRET, clock=CLOCK))) == "backup.read"
    )


@pytest.mark.parametrize(
    "items",
    [
        [],
        [End(rows=0)],
        [Manifest(did=DID, public_url="", at=1, program="x")],
        [Manifest(did=DID, public_url="", at=1, program="x"), End(rows=7)],
        [Manifest(did=DID, public_url="", at=1, program="x", format=2), End(rows=0)],
        [Manifest(did=DID, public_url="", at=1, program="x"), File(path="../x", content=b""), End(rows=0)],
        [Manifest(did=DID, public_url="", at=1, program="x"), File(path="/x", content=b""), End(rows=0)],
        [Manifest(did=DID, public_url="", at=1, program="x"), End(rows=0), End(rows=0)],
    ],
)
async def test_contents_that_are_no_node(tmp_path: Path, items: list[Any]) -> None:
    source = tmp_path / "x.backup"
    with source.open("wb") as file:
        seal(file, SECRET, contents.written(items))
    assert code(lambda: in_thread(lambda: restore(source, tmp_path / "made", SECRET, clock=CLOCK))) == "backup.contents"
    assert [one.name for one in tmp_path.iterdir()] == ["x.backup"]


async def test_a_full_disk_leaves_nothing(city: Path, tmp_path: Path) -> None:
    source, made = backed_up(city, tmp_path / "x.backup"), tmp_path / "made"

    def full(point: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = tmp_path / "y.backup"
    assert code(lambda: back_up(city, target, SECRET, now=1, environment={}, fault=full)) == "backup.write"
    assert code(lambda: in_thread(lambda: restore(source, made, SECRET, clock=CLOCK, fault=full))) == "restore.write"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["city", "x.backup"]


# --- open formats -----------------------------------------------------------------------------------------------------


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


async def test_an_export_imported_is_the_same_node_under_the_same_hashes(city: Path, tmp_path: Path) -> None:
    done = export(city, tmp_path / "out", now=1, environment={})
    assert done.did == DID
    assert done.records["log"] == 700
    made = import_(tmp_path / "out", tmp_path / "made")
    assert (made.entries, made.agreements) == (700, 1)
    before, after = rows(city), rows(tmp_path / "made")
    assert set(after) == set(before)
    for table, wanted in before.items():
        if table != "own_head":
            assert after[table] == wanted, table
    (old,), (new,) = before["own_head"], after["own_head"]
    assert (*old[:4], old[5]) == (*new[:4], new[5])
    assert made.root == old[3].hex()
    for name in keys.FILES:
        assert (tmp_path / "made" / "keys" / name).read_bytes() == (city / "keys" / name).read_bytes()
    export(tmp_path / "made", tmp_path / "again", now=1, environment={})
    assert files(tmp_path / "again") == files(tmp_path / "out"), "the same state gives the same files"
    store = opened(tmp_path / "made")
    await store.write(lambda tx: tx.record(Entry(event="goes on", actor="node")))
    assert store.suspect is None
    await store.close()


async def test_every_file_of_an_export_is_checked(city: Path, tmp_path: Path) -> None:
    out, made = tmp_path / "out", tmp_path / "made"
    export(city, out, now=1, environment={})
    for name, content in files(out).items():
        if name == "manifest.json":
            continue
        (out / name).write_bytes(content[:-2] + b"~\n")
        assert code(lambda: import_(out, made)) == "import.file", name
        (out / name).write_bytes(content)
        assert not made.exists()
    (out / "log.jsonl").rename(out / "gone")
    assert code(lambda: import_(out, made)) == "import.file"
    assert code(lambda: import_(tmp_path, made)) == "import.manifest"


def rewritten(out: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a file and let the manifest agree, as somebody would who wants to deceive."""
    import hashlib

    content = change((out / name).read_bytes())
    (out / name).write_bytes(content)
    manifest = msgspec.json.decode((out / "manifest.json").read_bytes())
    manifest["files"][name]["sha256"] = hashlib.sha256(content).hexdigest()
    (out / "manifest.json").write_bytes(msgspec.json.encode(manifest))


@pytest.mark.parametrize(
    ("name", "change", "wanted"),
    [
        ("log.jsonl", lambda text: text.replace(b'"index":5,', b'"index":6,', 1), "import.log"),
        ("log.jsonl", lambda text: b"\n".join(text.split(b"\n")[:-2]) + b"\n", "import.log"),
        ("log.jsonl", lambda text: text.replace(b'"body":"', b'"body":"AAAA', 1), "import.log"),
        ("log.jsonl", lambda text: b"{\n" + text, "import.line"),
        ("head.txt", lambda text: text.replace(b"\n700\n", b"\n699\n"), "import.log"),
        ("records/agreement.jsonl", lambda text: text.replace(b'"hash":"', b'"hash":"0'), "import.agreement"),
        ("records/asset.jsonl", lambda text: text.replace(b'"kind":"file"', b'"kind":7'), "import.line"),
        ("keys/seal.jwk", lambda text: b"{}", "import.file"),
    ],
)
async def test_an_export_made_to_deceive_is_refused(
    city: Path, tmp_path: Path, name: str, change: Callable[[bytes], bytes], wanted: str
) -> None:
    out = tmp_path / "out"
    export(city, out, now=1, environment={})
    rewritten(out, name, change)
    assert code(lambda: import_(out, tmp_path / "made")) == wanted
    assert not (tmp_path / "made").exists()


async def test_an_older_database_is_not_exported(city: Path, tmp_path: Path) -> None:
    with sqlite3.connect(city / "state.db") as connection:
        connection.execute("PRAGMA user_version=1")
    assert code(lambda: export(city, tmp_path / "out", now=1, environment={})) == "export.older"
    assert not (tmp_path / "out").exists()


def test_only_one_restores_into_a_place(tmp_path: Path) -> None:
    with places.beside(tmp_path / "made"):
        assert code(lambda: places.beside(tmp_path / "made").__enter__()) == "restore.busy"
    shutil.rmtree(tmp_path / ".made.restoring", ignore_errors=True)


# --- keys that have followed others, and what lies beside them --------------------------------------------------------


async def test_all_keys_certificates_and_a_regions_authorities_come_back(city: Path, tmp_path: Path) -> None:
    own, folder = keys.load(city / "keys"), city / "keys"
    following = keys.draw("token", keys.ED25519)
    key = Key(name="token-2", kind="token", jwk=keys.public_jwk(following), state="next")
    keys.keep(folder, key, following)
    keys.keep_ring(folder, ring.switched(ring.added(own.ring, key), "token-2", 1, 2))
    keys.clear(folder, keys.load(folder).ring)
    (folder / "region").mkdir(mode=0o700)
    beside = ("tls.pem", "tls.crt", "signing.crt", "region/root.pem", "region/ca.pem", "region/ca.crt")
    for name in beside:
        (folder / name).write_bytes(name.encode())
    (folder / ".half.new").write_bytes(b"x")
    (folder / "grant.key.next").write_bytes(b"x")
    wanted = {name: content for name, content in files(folder).items() if name not in (".half.new", "grant.key.next")}
    in_thread(lambda: restore(backed_up(city, tmp_path / "x.backup"), tmp_path / "made", SECRET, clock=CLOCK))
    assert files(tmp_path / "made" / "keys") == wanted
    assert keys.load(tmp_path / "made" / "keys").token_name == "token-2"
    export(city, tmp_path / "out", now=1, environment={})
    import_(tmp_path / "out", tmp_path / "imported")
    assert files(tmp_path / "imported" / "keys") == wanted

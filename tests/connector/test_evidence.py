"""The evidence of a contract, from two whole nodes: it verifies offline on either side, and no part can be changed."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certs import checkpoint, did, keys, verifier
from certs.verifier import CONTRACT, ENTRIES, MANIFEST, verify
from connector.errors import InputError
from connector.node import Node
from connector.records import Signed
from policies.terms import Terms
from tests.connector.joined import Two, joined

Files = dict[str, bytes]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Two, str, bytes, bytes]]:
    """Two nodes, their contract, and the bundle of each."""
    async with joined(tmp_path_factory.mktemp("nodes")) as two:
        contract = await two.contract(Terms(purposes=("https://example.org/planung",), until="2030-12-31"))
        for node, peer in ((two.city, two.utility), (two.utility, two.city)):
            await node.heads.push(await node.peers.get(peer.did))
        ours = await two.city.evidence.write("mayor", contract, "de")
        theirs = await two.utility.evidence.write("engineer", contract, "en")
        yield two, contract, ours.body, theirs.body


@pytest.fixture(scope="module")
def city(made: tuple[Two, str, bytes, bytes]) -> bytes:
    return made[2]


@pytest.fixture(scope="module")
def utility(made: tuple[Two, str, bytes, bytes]) -> bytes:
    return made[3]


def taken(bundle: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(bundle)) as container:
        return {name: container.read(name) for name in container.namelist()}


def faults(bundle: bytes) -> list[str]:
    return verify(bundle).faults


def test_both_sides_bundles_verify(city: bytes, utility: bytes) -> None:
    for bundle in (city, utility):
        report = verify(bundle)
        assert (report.faults, report.unproved) == ([], []), report.lines
        signed = [line for line in report.lines if line.startswith("ok      messages/")]
        assert len(signed) == 4
        assert "Verification" in signed[2]


def test_any_zip_reader_reads_it(city: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(city)) as container:
        assert container.testzip() is None
        names = container.namelist()
    assert {"README.txt", "contract.pdf", "terms.de.txt", "terms.en.txt", "verify.py", MANIFEST} <= set(names)
    assert sum(name.startswith("documents/") for name in names) == 2
    assert "audit/peer-head.txt" in names


def test_the_bundle_is_the_same_whoever_packs_it(city: bytes) -> None:
    assert verifier.pack(taken(city)) == city


def test_the_verifier_needs_nothing_but_cryptography(city: bytes, utility: bytes, tmp_path: Path) -> None:
    import cryptography

    backend = importlib.util.find_spec("_cffi_backend")
    assert backend is not None
    assert backend.origin is not None

    packages = tmp_path / "packages"
    packages.mkdir()
    home = Path(cryptography.__file__).parent
    shutil.copytree(home, packages / "cryptography")
    shutil.copy(backend.origin, packages)
    (tmp_path / "verify.py").write_bytes(taken(city)["verify.py"])
    run = "import sys, runpy; sys.path[:] = [p for p in sys.path if 'site-packages' not in p] + [sys.argv[1]];"
    run += "sys.argv = sys.argv[2:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    for number, bundle in enumerate((city, utility, city[:-3] + b"xyz")):
        (tmp_path / "evidence.zip").write_bytes(bundle)
        command = [sys.executable, "-I", "-S", "-c", run, str(packages), "verify.py", "evidence.zip"]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env={"PATH": os.defpath}, check=False
        )
        assert done.returncode == (number == 2), done.stdout + done.stderr
        assert ("Both sides have signed the same terms." in done.stdout) == (number != 2)


@pytest.mark.parametrize(
    "name", ["README.txt", "contract.pdf", "terms.de.txt", "terms.en.txt", CONTRACT, ENTRIES, "verify.py"]
)
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_a_changed_byte_of_a_part_is_found_and_the_part_named(city: bytes, name: str, place: float) -> None:
    files = taken(city)
    body = bytearray(files[name])
    body[int(place * len(body))] ^= 1
    assert name in faults(verifier.pack({**files, name: bytes(body)}))


def test_a_changed_byte_of_any_message_or_document_is_found(city: bytes) -> None:
    files = taken(city)
    for name in files:
        if name.startswith(("messages/", "documents/", "audit/")) or name == MANIFEST:
            for place in (0, len(files[name]) // 2, len(files[name]) - 1):
                body = bytearray(files[name])
                body[place] ^= 2
                found = faults(verifier.pack({**files, name: bytes(body)}))
                assert {name, name.rpartition(".")[0]} & set(found), (name, place, found)


def test_any_byte_of_the_container_counts(city: bytes) -> None:
    for place in range(0, len(city), 97):
        changed = bytearray(city)
        changed[place] ^= 1
        try:
            assert faults(bytes(changed)), place
        except verifier.EvidenceError:
            continue
    for other in (city + b"\0", b"\0" + city, city[:-1], b""):
        try:
            assert faults(other)
        except verifier.EvidenceError:
            continue


@pytest.mark.parametrize("part", ["README.txt", CONTRACT, ENTRIES, MANIFEST, "messages/001.json", "messages/002.body"])
def test_a_part_that_is_taken_out_is_missed(city: bytes, part: str) -> None:
    files = taken(city)
    del files[part]
    assert faults(verifier.pack(files))


def test_a_part_that_is_added_does_not_belong(city: bytes) -> None:
    assert faults(verifier.pack({**taken(city), "more.txt": b"x"})) == ["more.txt"]


# --- an exporter who lies: it signs its own list anew, but cannot sign for the other side -----------------------------


def listed_anew(node: Node, files: Files) -> bytes:
    """The bundle with its list of contents signed again, by the node itself."""
    parts = {name: content for name, content in files.items() if name != MANIFEST}
    return verifier.pack({**parts, MANIFEST: node.evidence._manifest(parts)})


def edited(files: Files, name: str, edit: Callable[[Any], None]) -> Files:
    told = json.loads(files[name])
    edit(told)
    return {**files, name: json.dumps(told).encode()}


def set_to(place: str, value: Any) -> Callable[[Any], None]:
    def edit(told: Any) -> None:
        *way, last = place.split(".")
        for step in way:
            told = told[step]
        assert told.get(last) != value
        told[last] = value

    return edit


AGREEMENT, VERIFICATION, REQUEST = "messages/002", "messages/003", "messages/001"
LIES: Mapping[str, tuple[str, Callable[[Files], Files]]] = {
    "a request for other terms": (
        REQUEST,
        lambda files: {**files, f"{REQUEST}.body": files[f"{REQUEST}.body"].replace(b"planung", b"werbung")},
    ),
    "other terms": (
        AGREEMENT,
        lambda files: {**files, f"{AGREEMENT}.body": files[f"{AGREEMENT}.body"].replace(b"planung", b"werbung")},
    ),
    "another hash": ("terms", lambda files: edited(files, CONTRACT, set_to("hash", "0" * 64))),
    "another consumer": (CONTRACT, lambda files: edited(files, CONTRACT, set_to("consumer", "did:web:city.example"))),
    "another dataset": ("terms", lambda files: edited(files, CONTRACT, set_to("dataset", "urn:x:all"))),
    "another negotiation": ("terms", lambda files: edited(files, CONTRACT, set_to("consumerPid", "urn:x:1"))),
    "another verification": (
        VERIFICATION,
        lambda files: {**files, f"{VERIFICATION}.body": files[f"{REQUEST}.body"]},
    ),
    "another address": (
        VERIFICATION,
        lambda files: edited(files, f"{VERIFICATION}.json", set_to("url", "https://city.example/dsp/2025-1/x")),
    ),
    "another method": (VERIFICATION, lambda files: edited(files, f"{VERIFICATION}.json", set_to("method", "PUT"))),
    "the signature of another message": (
        VERIFICATION,
        lambda files: edited(
            files,
            f"{VERIFICATION}.json",
            set_to("headers.signature", json.loads(files[f"{REQUEST}.json"])["headers"]["signature"]),
        ),
    ),
    "another instant": (
        VERIFICATION,
        lambda files: edited(
            files,
            f"{VERIFICATION}.json",
            lambda told: told["headers"].update(
                {"signature-input": told["headers"]["signature-input"].replace("created=1", "created=2")}
            ),
        ),
    ),
    "another sender": (
        VERIFICATION,
        lambda files: edited(files, f"{VERIFICATION}.json", set_to("sender", "did:web:city.example")),
    ),
    "an entry of the log": (
        ENTRIES,
        lambda files: edited(files, ENTRIES, lambda told: told[0].update(body=told[0]["body"] + " ")),
    ),
    "the order of the log": (ENTRIES, lambda files: edited(files, ENTRIES, lambda told: told[0].update(index=0))),
    "the other side's head": (
        "audit/peer-head.txt",
        lambda files: {**files, "audit/peer-head.txt": files["audit/head.txt"]},
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_exporter_cannot_lie_about_the_other_side(made: tuple[Two, str, bytes, bytes], lie: str) -> None:
    part, change = LIES[lie]
    files = change(taken(made[2]))
    found = verify(listed_anew(made[0].city, files))
    assert part in found.faults, found.lines
    assert MANIFEST not in found.faults


def test_without_the_signature_nothing_is_proved_and_this_is_said(made: tuple[Two, str, bytes, bytes]) -> None:
    files = edited(taken(made[2]), f"{VERIFICATION}.json", set_to("headers", {}))
    report = verify(listed_anew(made[0].city, files))
    assert report.faults == []
    assert any("proves that did:web:utility.example:data has agreed" in line for line in report.unproved)


def test_without_the_hash_a_verification_proves_no_terms(made: tuple[Two, str, bytes, bytes]) -> None:
    """A foreign consumer signs a verification that says no more than the protocol's."""
    files = taken(made[2])
    body = json.loads(files[f"{VERIFICATION}.body"])
    del body["agreementHash"]
    report = verify(listed_anew(made[0].city, {**files, f"{VERIFICATION}.body": json.dumps(body).encode()}))
    assert VERIFICATION in report.faults
    assert any("data has agreed" in line for line in report.unproved)


def test_a_document_of_other_keys_shows_by_its_words(made: tuple[Two, str, bytes, bytes]) -> None:
    two, _, bundle, _ = made
    words = [line for line in verify(bundle).lines if "key words" in line]
    assert len(words) == 2
    told = {line.split()[5]: line.rpartition(" ")[2] for line in words}
    expected = [f"{name.rstrip(';')}={one}" for name, one in told.items()]
    assert verify(bundle, expected).faults == []
    assert len(verify(bundle, expected[:1]).faults) >= 1
    crossed = [f"{two.city.did}={told[two.utility.did]}", f"{two.utility.did}={told[two.city.did]}"]
    assert len(verify(bundle, crossed).faults) >= 2
    assert told[two.utility.did] == words_of(two.utility)


def test_a_side_cannot_lend_its_own_keys_to_the_other(made: tuple[Two, str, bytes, bytes]) -> None:
    """Key words that a reader knows as those of one side must not vouch for the other."""
    city, utility = made[0].city, made[0].utility
    files = taken(made[2])
    (own,) = [body for name, body in files.items() if name.startswith("documents/") and read_did(body) == city.did]
    lent = own.replace(city.did.encode(), utility.did.encode())
    report = verify(listed_anew(city, {**files, f"documents/{sha256(lent).hexdigest()}.json": lent}))
    assert any("key in common" in line for line in report.lines), report.lines
    assert report.faults


def test_the_verdict_holds_for_compared_keys_only(city: bytes, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "x.zip").write_bytes(city)
    assert verifier.main([str(tmp_path / "x.zip")]) == 0
    told = capsys.readouterr().out
    assert told.rstrip().endswith("ask each of them, not the exporter.")
    found = [line.split() for line in told.splitlines() if "key words:" in line]
    expected = [f"{one[5].rstrip(';')}={one[-1]}" for one in found]
    assert verifier.main([str(tmp_path / "x.zip"), "--expect", *expected]) == 0
    assert capsys.readouterr().out.rstrip().endswith("Both sides have signed the same terms.")
    assert verifier.main([str(tmp_path / "x.zip"), "--expect"]) == 2, "an empty list is not taken for no list"
    assert verifier.main([str(tmp_path / "x.zip"), "--expect", expected[0].rpartition("=")[2]]) == 2


def test_no_text_of_a_bundle_writes_lines_of_the_report(made: tuple[Two, str, bytes, bytes]) -> None:
    files = taken(made[2])
    for text in ("x\nok      messages/003: signed", "\x1b[2J", "\u202e", "ok\r"):
        forged = edited(files, f"{VERIFICATION}.json", set_to("kind", text))
        report = verify(listed_anew(made[0].city, {**forged, f"a{text}".encode("ascii", "ignore").decode(): b""}))
        assert report.faults
        assert all(" " <= letter <= "~" for line in report.lines for letter in line)


def test_a_part_that_nobody_knows_does_not_belong_even_where_it_is_listed(made: tuple[Two, str, bytes, bytes]) -> None:
    more = {"annex.pdf": b"x", "messages/1.pdf": b"y", "../x": b"z"}
    assert set(faults(listed_anew(made[0].city, {**taken(made[2]), **more}))) == set(more)


def test_without_the_conclusion_nothing_is_concluded(made: tuple[Two, str, bytes, bytes]) -> None:
    files = {name: content for name, content in taken(made[2]).items() if not name.startswith("messages/004")}
    report = verify(listed_anew(made[0].city, files))
    assert report.faults == []
    assert report.unproved == ["nothing here proves that did:web:city.example has concluded the contract"]
    ended = {"@type": "ContractNegotiationTerminationMessage"}
    letter = edited(edited(files, f"{REQUEST}.json", set_to("kind", ended["@type"])), f"{REQUEST}.json", no_headers)
    files["messages/004.json"] = letter[f"{REQUEST}.json"]
    files["messages/004.body"] = json.dumps(ended).encode()
    assert "terms" in faults(listed_anew(made[0].city, files))


def test_a_second_agreement_is_told(made: tuple[Two, str, bytes, bytes]) -> None:
    """Whoever reads the first one in the bundle must not take it for what was signed."""
    files = taken(made[2])
    other = edited(files, f"{AGREEMENT}.body", set_to("agreement.target", "urn:x:all"))
    files["messages/000.body"] = other[f"{AGREEMENT}.body"]
    files["messages/000.json"] = edited(files, f"{AGREEMENT}.json", no_headers)[f"{AGREEMENT}.json"]
    report = verify(listed_anew(made[0].city, files))
    assert report.faults == []
    assert [line for line in report.lines if line.startswith("note    messages/000")] == [
        "note    messages/000: another agreement than the one that is checked here"
    ]


def read_did(document: bytes) -> str:
    return str(json.loads(document)["id"])


def no_headers(told: Any) -> None:
    told["headers"] = {}


@pytest.mark.parametrize("body", [{"@type": []}, {"@type": [1]}, [], "x", {}, 1])
def test_a_message_of_any_shape_is_judged(made: tuple[Two, str, bytes, bytes], body: Any) -> None:
    files = {**taken(made[2]), f"{VERIFICATION}.body": json.dumps(body).encode()}
    assert VERIFICATION in faults(listed_anew(made[0].city, files))


def test_heads_are_looked_for_among_all_documents_of_their_side(made: tuple[Two, str, bytes, bytes]) -> None:
    """A participant that has renewed its keys has more than one document here."""
    city, files = made[0].city, taken(made[2])
    for _ in range(6):  # in whichever order they come
        other = keys.generate()
        body = json.dumps(did.document(city.config.public_url, "https://x", other.published())).encode()
        assert json.loads(body)["id"] == city.did
        files[f"documents/{sha256(body).hexdigest()}.json"] = body
    assert faults(listed_anew(city, files)) == []


def test_entries_that_lie_over_each_other_are_not_read() -> None:
    """A small file that would be any number of large ones."""
    name, content = b"README.txt", bytes(100_000)
    common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), 10, 0)
    local = b"PK\x03\x04" + common + name + content
    directory = b""
    for number in range(200):
        directory += b"PK\x01\x02" + struct.pack("<H", 0x0314) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, 0) + f"README.{number:03d}".encode()
    end = struct.pack("<HHHHIIH", 0, 0, 200, 200, len(directory), len(local), 0)
    with pytest.raises(verifier.EvidenceError, match="not stored as it was written"):
        verify(local + directory + b"PK\x05\x06" + end)


def words_of(node: Node) -> str:
    from certs.words import fingerprint

    return fingerprint(node.keys.thumbprints)


def test_another_key_cannot_sign_the_list(made: tuple[Two, str, bytes, bytes]) -> None:
    files, other = taken(made[2]), keys.generate()
    text = files[MANIFEST].decode().rpartition("\n\n")[0] + "\n"
    name = made[0].city.did
    signature = checkpoint.key_id(name, other.head_public) + other.sign_head(text.encode())
    files[MANIFEST] = f"{text}\n— {name} {base64.b64encode(signature).decode()}\n".encode()
    assert MANIFEST in faults(verifier.pack(files))


# --- what nobody signed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signing", [(True, False), (False, True), (False, False)], ids=["city", "utility", "none"])
async def test_an_unsigned_contract_says_what_it_cannot_prove(tmp_path: Path, signing: tuple[bool, bool]) -> None:
    async with joined(tmp_path, signing=signing) as two:
        contract = await two.contract()
        for node in (two.city, two.utility):
            bundle = await node.evidence.write("mayor", contract, "de")
            assert (bundle.signers.provider, bundle.signers.consumer) == signing
            report = verify(bundle.body)
            assert report.faults == [], report.lines
            unproved = [line for line in report.unproved if "has agreed" in line]
            assert len(unproved) == signing.count(False)
            assert all(
                (two.city.did in line) != signing[0] or (two.utility.did in line) != signing[1] for line in unproved
            )


@pytest.mark.asyncio(loop_scope="module")
async def test_it_is_in_the_audit_and_an_unknown_contract_is_none(made: tuple[Two, str, bytes, bytes]) -> None:
    two, contract, *_ = made
    (written,) = [one for one in await two.city.audit.log(limit=1000) if one.event == "evidence.written"]
    assert (written.actor, written.params["agreement"]) == ("mayor", contract)
    with pytest.raises(InputError, match=r"agreement\.unknown"):
        await two.city.evidence.write("mayor", "urn:x:none", "de")


async def test_a_peer_of_before_is_proved_by_its_pinned_keys(tmp_path: Path) -> None:
    """Peers that were added when DID documents were not kept, and messages that came back from a peer."""
    async with joined(tmp_path) as two:
        peer = await two.city.peers.get("utility")
        await two.city.store.write(lambda tx: tx.put(replace(peer, document="")))
        two.city.identity.forget()  # type: ignore[attr-defined]
        contract = await two.contract()
        kept = await two.city.store.read(lambda view: view.select(Signed))
        assert {one.document for one in kept if one.sender == two.utility.did} == {""}
        for one in kept:
            await two.city.store.write(lambda tx: tx.put(replace(one, document="")))  # noqa: B023
        report = verify((await two.city.evidence.write("mayor", contract, "de")).body)
        assert (report.faults, report.unproved) == ([], []), report.lines
        assert any("pinned" in line for line in report.lines if line.startswith("note"))


async def test_keys_that_are_not_kept_any_more_prove_nothing(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        peer = await two.city.peers.get("utility")
        await two.city.store.write(lambda tx: tx.put(replace(peer, document="")))
        two.city.identity.forget()  # type: ignore[attr-defined]
        contract = await two.contract()
        await two.city.peers.remove("mayor", "utility")
        report = verify((await two.city.evidence.write("mayor", contract, "de")).body)
        assert report.faults == []
        assert any("data has agreed" in line for line in report.unproved)


async def test_a_log_that_goes_on_in_a_new_generation_is_one_of_the_same_node(tmp_path: Path) -> None:
    city = keys.generate()
    name = "did:web:city.example"
    document = verifier.read_document(
        json.dumps(did.document("https://city.example", "https://city.example/dsp", city.published())).encode()
    )
    for origin in (name, checkpoint.origin(name, 3)):
        head = checkpoint.signed(checkpoint.Checkpoint(origin, 5, bytes(32)), city.head_public, city.sign_head)
        assert verifier.open_note(head, document, log=True).startswith(origin)
    other = checkpoint.signed(checkpoint.Checkpoint(name + "x", 5, bytes(32)), city.head_public, city.sign_head)
    for note, log in ((other, True), (head, False)):
        with pytest.raises(verifier.EvidenceError):
            verifier.open_note(note, document, log=log)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_the_verifier_has_the_same_canonical_form(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return
    assert verifier.canonical(value) == expected

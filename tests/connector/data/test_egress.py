"""Data that leave changed: over a real socket, as a consumer gets them."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from connector.data import egress
from connector.data.egress import SIGNATURE, TRANSFORMS
from connector.data.gate import Ask
from connector.protocol import codec
from connector.records import Agreement, Pseudonyms, Release
from policies.transforms import chain
from tests.connector.data import world as worlds
from tests.connector.data.world import AGREEMENT, DATASET, PID, World, asset, count, started, world
from tests.policies.transforms import duties

OTHER, OTHER_PID = AGREEMENT[:-1] + "2", PID[:-1] + "2"
HEAD = "Zähler;Zeit;Straße;kWh\r\n"
ROWS = [
    'DE-1;01.07.2026 14:35;"Am Markt 1\r\nHinterhaus";1,5',
    "DE-2;01.07.2026 15:05;Bürgerstr. 7;2,25",
    "DE-1;26.10.2025 02:30;Am Markt 1;0,5",
]
TABLE = (HEAD + "\r\n".join(ROWS) + "\r\n").encode("cp1252")


def duty(action: str, *more: dict[str, Any], **equal: str) -> dict[str, Any]:
    found = [{"leftOperand": name, "operator": "eq", "rightOperand": value} for name, value in equal.items()]
    named = [{**one, "leftOperand": duties.iri(one["leftOperand"])} for one in (*found, *more)]
    return {"action": duties.iri(action), "constraint": named} if named else {"action": duties.iri(action)}


def least(k: int, **more: str) -> dict[str, Any]:
    return duty(
        "http://www.w3.org/ns/odrl/2/anonymize",
        {"leftOperand": "minGroupSize", "operator": "gteq", "rightOperand": {"@value": str(k), "@type": "xsd:integer"}},
        **more,
    )


THREE = (
    duty("suppress", field="Straße"),
    duty("pseudonymise", field="Zähler"),
    duty("coarsen", temporalResolution="PT1H", timeField="Zeit"),
)


def under(*duties: Mapping[str, Any], constraints: Any = (), id: str = AGREEMENT) -> Agreement:
    made = worlds.agreement(*constraints, id=id)
    document = {**made.document, "profile": "urn:allmende:profile:municipal:1"}
    document["permission"] = [{**document["permission"][0], "duty": list(duties)}]
    return msgspec.structs.replace(made, document=document, hash=codec.digest(document))


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[tuple[World, Path]]:
    """A table that is shared under suppress, pseudonymise and coarsen."""
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    async with world(tmp_path, under(*THREE), started(), asset("file", path=str(path))) as made:
        yield made, path


def read(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("cp1252"), newline=""), delimiter=";"))


async def test_what_arrives_is_what_may_leave(shared: tuple[World, Path]) -> None:
    made, _ = shared
    status, headers, body = await made.get()
    assert status == 200
    rows = read(body)
    assert rows[0] == ["Zähler", "Zeit", "kWh"]
    assert [row[1:] for row in rows[1:]] == [
        ["01.07.2026 14:00", "1,5"],
        ["01.07.2026 15:00", "2,25"],
        ["26.10.2025 02:00", "0,5"],
    ]
    assert rows[1][0] == rows[3][0] != rows[2][0]
    assert all(len(row[0]) == 32 for row in rows[1:])
    assert b"Markt" not in body
    assert b"DE-" not in body
    assert headers["ETag"] != f'"{hashlib.sha256(TABLE).hexdigest()[:32]}"'
    assert b64decode(headers["Repr-Digest"][9:-1]) == hashlib.sha256(body).digest()


async def test_the_chain_travels_with_the_data_and_stands_in_the_audit(shared: tuple[World, Path]) -> None:
    made, _ = shared
    _, headers, body = await made.get()
    entry = await made.until_event("access.permitted")
    said, _, digest = headers[TRANSFORMS].rpartition(", digest;sha-256=:")
    assert said.startswith('(suppress %"Stra%c3%9fe"), (pseudonymise %"Z%c3%a4hler"), (coarsen-time "Zeit");')
    assert b64decode(digest[:-1]).hex() == entry.params["transforms_sha256"]
    assert entry.params["transforms"] == headers[TRANSFORMS]
    assert entry.params["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("GET", {"Range": "bytes=0-20"}),
        ("GET", {"Range": "bytes=-30"}),
        ("GET", {"Range": "bytes=30-", "If-Range": f'"{hashlib.sha256(TABLE).hexdigest()[:32]}"'}),
        ("GET", {"Range": "bytes=0-5,10-20"}),
        ("GET", {"If-None-Match": f'"{hashlib.sha256(TABLE).hexdigest()[:32]}"'}),
        ("HEAD", {}),
        ("HEAD", {"If-None-Match": "*"}),
        ("GET", {"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}),
    ],
)
async def test_however_it_is_asked_for_the_source_itself_never_leaves(
    shared: tuple[World, Path], method: str, more: dict[str, str]
) -> None:
    made, _ = shared
    _, whole_headers, whole = await made.get()
    status, headers, body = await made.get(method=method, **more)
    assert headers.get("ETag") == whole_headers["ETag"]
    assert headers[TRANSFORMS] == whole_headers[TRANSFORMS]
    if status == 206:
        first, _, last = headers["Content-Range"][6:].partition("/")[0].partition("-")
        assert body == whole[int(first) : int(last) + 1]
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    elif method == "GET" and status == 200:
        assert body == whole
    assert b"Markt" not in body
    assert str(len(TABLE)) not in {headers.get("Content-Length")}


async def test_an_encoded_answer_is_of_what_may_leave(shared: tuple[World, Path]) -> None:
    made, path = shared
    path.write_bytes((HEAD + "\r\n".join(ROWS * 200) + "\r\n").encode("cp1252"))
    _, _, plain = await made.get()
    async with aiohttp.ClientSession() as session:
        headers = {**made.headers(), "Accept-Encoding": "gzip"}
        async with session.get(made.address(), headers=headers) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert await response.read() == plain


async def test_another_agreement_has_other_pseudonyms(shared: tuple[World, Path]) -> None:
    made, _ = shared
    await made.put(under(*THREE, id=OTHER), msgspec.structs.replace(started(OTHER_PID), agreement=OTHER))
    _, _, one = await made.get()
    async with made.session.get(made.address(pid=OTHER_PID), headers=made.headers(OTHER_PID)) as response:
        other = await response.read()
    ours, theirs = ({row[0] for row in read(body)[1:]} for body in (one, other))
    assert len(ours) == len(theirs) == 2
    assert not ours & theirs
    assert [row[1:] for row in read(one)] == [row[1:] for row in read(other)]


async def test_when_the_contract_ends_its_key_is_destroyed(shared: tuple[World, Path]) -> None:
    made, _ = shared
    _, _, before = await made.get()
    await made.ledgers.destroy_ended()
    assert await made.store.read(lambda view: view.get(Pseudonyms, AGREEMENT)), "it is still in force"
    ended = msgspec.structs.replace(under(*THREE), in_force=False, closed=made.clock.now())
    await made.put(ended)
    status, _, body = await made.get()
    assert (status, json.loads(body)["code"]) == (403, "agreement.ended")
    await made.ledgers.destroy_ended()
    assert await made.store.read(lambda view: view.get(Pseudonyms, AGREEMENT)) is None
    assert (await made.until_event("pseudonyms.destroyed")).params == {"agreement": AGREEMENT}
    assert (await made.get())[0] == 403
    assert await made.store.read(lambda view: view.get(Pseudonyms, AGREEMENT)) is None, "a refusal makes none"
    # Were it brought back by hand, the pseudonyms would be others.
    await made.put(under(*THREE))
    _, _, after = await made.get()
    assert not {row[0] for row in read(before)[1:]} & {row[0] for row in read(after)[1:]}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("data.pdf", "%PDF", "transform.media"),
        ("data.xml", "<a/>", "transform.media"),
        ("data.csv", "a;b\n1;2\n", "transform.column"),
        ("data.csv", "Zähler;Zeit;Straße\n1;gestern;x\n", "transform.row"),
        ("data.csv", "Zähler;Zeit;Straße\n1;01.07.2026;x;y\n", "transform.row"),
        ("data.csv", "", "transform.shape"),
        ("data.json", '{"a": 1}', "transform.shape"),
        ("data.json", "[1, 2]", "transform.row"),
        ("data.json", '[{"Zähler": "1", "Zeit": "01.07.2026"}]', "transform.column"),
        ("data.ndjson", '{"Zähler": "1", "Zeit": "01.07.2026", "Straße": 1}\n{"Zei', "transform.row"),
    ],
)
async def test_what_cannot_be_done_refuses_the_whole(tmp_path: Path, name: str, text: str, code: str) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / name).write_text(text)
    async with world(tmp_path, under(*THREE), started(), asset("folder", path=str(folder))) as made:
        status, _, body = await made.get(name, Accept_Language="de")
        told = json.loads(body)
        assert (status, told["code"]) == (403, code)
        assert told["sentence"].endswith(".")
        assert "transform." not in told["sentence"]
        assert "row" not in told["params"]
        assert text not in body.decode() or not text
        entry = await made.until_event("access.unserved")
        assert entry.params["reason"] == code


async def test_a_folder_as_a_whole_has_no_rows(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "data.csv").write_bytes(TABLE)
    async with world(tmp_path, under(*THREE), started(), asset("folder", path=str(folder))) as made:
        status, _, body = await made.get()
        assert (status, json.loads(body)["code"]) == (403, "transform.media")
        status, _, body = await made.get("data.csv")
        assert (status, read(body)[0]) == (200, ["Zähler", "Zeit", "kWh"])


async def test_what_has_no_end_cannot_be_gone_through(tmp_path: Path) -> None:
    async with world(tmp_path, under(duty("suppress", field="load")), started(), asset("live")) as made:
        status, _, body = await made.get("stream")
        assert (status, json.loads(body)["code"]) == (403, "transform.endless")
        status, _, body = await made.get()
        # One object is no list of them.
        assert (status, json.loads(body)["code"]) == (403, "transform.shape")


def big(rows: int) -> bytes:
    return (HEAD + "".join(f"DE-{n};01.07.2026 14:{n % 60:02d};Am Markt {n};{n}\r\n" for n in range(rows))).encode()


async def test_a_large_table_streams_and_goes_on_after_a_break(shared: tuple[World, Path]) -> None:
    made, path = shared
    path.write_bytes(big(20_000))
    status, headers, whole = await made.get()
    assert status == 200
    assert len(whole) == int(headers["Content-Length"]) > 1 << 19
    assert whole.count(b"\r\n") == 20_001
    assert b"Markt" not in whole
    at = len(whole) // 3
    status, headers, rest = await made.get(Range=f"bytes={at}-", If_Range=headers["ETag"])
    assert status == 206
    assert whole[:at] + rest == whole
    finished = [entry for entry in await made.log() if entry.event == "access.finished"]
    assert finished[0].params["sha256"] == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize("bad", ["DE-1;gestern;x;1\r\n", "DE-1;01.07.2026 14:00\r\n"])
async def test_a_source_that_turns_bad_on_its_way_aborts_the_connection(
    shared: tuple[World, Path], bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was gone through well is made a second time while it is sent; what fails then is never complete."""
    made, path = shared
    path.write_bytes(big(30_000))
    written = egress._written

    def spoilt(done: Any, media_type: str, given: Any, bridge: Any) -> Any:
        opened, n = bridge.opened, 0

        def pieces() -> Any:
            nonlocal n
            for n, piece in enumerate(opened()):
                yield piece + bad.encode() if n == 1 and spoiling else piece

        bridge.opened = pieces
        return written(done, media_type, given, bridge)

    spoiling = False
    monkeypatch.setattr(egress, "_written", spoilt)
    _, headers, _ = await made.get(method="HEAD")
    spoiling = True
    got = b""
    with pytest.raises(aiohttp.ClientError):
        async with made.session.get(made.address(), headers=made.headers()) as response:
            async for piece in response.content.iter_any():
                got += piece
    assert len(got) < int(headers["Content-Length"])
    entry = await made.until_event("access.broken")
    assert entry.params["reason"] == "data.changed"
    assert int(entry.params["bytes"]) < int(headers["Content-Length"])


async def test_data_may_leave_unchanged_but_late_and_signed(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")
    delay = duty("delay", **{"http://www.w3.org/ns/odrl/2/delayPeriod": "P1D"})
    async with world(tmp_path, under(delay, duty("sign")), started(), asset("file", path=str(path))) as made:
        status, _, body = await made.get()
        assert (status, json.loads(body)["code"]) == (403, "transform.young")
        made.clock.ahead = 25 * 3600 * 10**6
        status, headers, body = await made.get()
        assert (status, body) == (200, b"%PDF")
        signed = json.loads(bytes.fromhex(headers[SIGNATURE]))
        assert signed["sha256"] == hashlib.sha256(b"%PDF").hexdigest()
        entry = await made.until_event("access.permitted")
        assert signed["transforms"] == entry.params["transforms_sha256"]
        assert (signed["agreement"], signed["dataset"], signed["size"]) == (AGREEMENT, DATASET, 4)


COUNTS = (duty("aggregate", groupBy="Ort"), least(3))


def people(**places: int) -> str:
    return "Ort;Name\n" + "".join(f"{place};{place}{n}\n" for place, many in places.items() for n in range(many))


async def told(made: World, member: str = "", pid: str = PID) -> tuple[int, Any]:
    async with made.session.get(made.address(member, pid), headers=made.headers(pid)) as response:
        body = await response.read()
        return response.status, body.decode() if response.status == 200 else json.loads(body)["code"]


async def releases(made: World) -> int:
    found = await made.store.read(lambda view: list(view.select(Release, limit=100)))
    return sum(one.cells for one in found)


async def test_small_groups_do_not_leave_and_told_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=5, Süd=2))
    async with world(tmp_path, under(*COUNTS), started(), asset("file", path=str(path))) as made:
        assert await told(made) == (200, "Ort;count\nNord;5\n")
        path.write_text(people(Nord=6, Süd=4))
        # Nord was told with 5, and Süd would come from another state of the same window.
        assert await told(made) == (200, "Ort;count\nNord;5\n")
        path.write_text(people(Nord=5, Süd=4))
        assert await told(made) == (200, "Ort;count\nNord;5\nSüd;4\n")


async def test_another_contract_of_the_same_consumer_does_not_divide_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=5, Süd=4))
    only = duty("filterRows", field="Ort", fieldValue="Nord")
    other = msgspec.structs.replace(started(OTHER_PID), agreement=OTHER)
    terms = under(*COUNTS), under(*COUNTS, only, id=OTHER)
    async with world(tmp_path, *terms, started(), other, asset("file", path=str(path))) as made:
        assert (await told(made))[0] == 200
        assert await told(made, pid=OTHER_PID) == (403, "release.division")
        # A stricter one with the same division is told of what has enough behind it.
        await made.put(under(duty("aggregate", groupBy="Ort"), least(5), id=OTHER))
        assert await told(made, pid=OTHER_PID) == (403, "transform.undone"), "the gate remembers the old terms once"
        assert await told(made, pid=OTHER_PID) == (200, "Ort;count\nNord;5\n")


async def test_another_dataset_of_the_same_file_has_the_same_ledger(tmp_path: Path) -> None:
    path, link = tmp_path / "shared" / "people.csv", tmp_path / "link"
    path.parent.mkdir()
    path.write_text(people(Nord=5, Süd=4))
    link.symlink_to(path.parent)
    second = msgspec.structs.replace(asset("file", path=str(link / path.name)), id="urn:example:second")
    terms = under(duty("aggregate", groupBy="Ort"), duty("filterRows", field="Name", fieldValue="Nord1"), least(3))
    document = {**terms.document, "@id": OTHER, "target": second.id}
    terms = msgspec.structs.replace(
        terms, id=OTHER, dataset=second.id, document=document, hash=codec.digest(document)
    )  # fmt: skip
    other = msgspec.structs.replace(started(OTHER_PID), agreement=OTHER, dataset=second.id)
    async with world(
        tmp_path, under(*COUNTS), terms, started(), other, asset("file", path=str(path)), second
    ) as made:  # fmt: skip
        assert (await told(made))[0] == 200
        assert await told(made, pid=OTHER_PID) == (403, "release.division")


async def test_files_of_a_folder_are_states_of_one_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "a.csv").write_text(people(Nord=5, Süd=4))
    (folder / "b.csv").write_text(people(Nord=5, Süd=5, West=5))
    async with world(tmp_path, under(*COUNTS), started(), asset("folder", path=str(folder))) as made:
        assert await told(made, "a.csv") == (200, "Ort;count\nNord;5\nSüd;4\n")
        # Nord is the same people; Süd is not, and West might be those who were told of in Süd.
        assert await told(made, "b.csv") == (200, "Ort;count\nNord;5\n")


async def test_who_is_refused_spends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=5))
    terms = under(*COUNTS, constraints=[count(1)])
    async with world(tmp_path, terms, started(), asset("file", path=str(path))) as made:
        assert (await made.get(method="HEAD"))[0] == 200
        assert await told(made) == (200, "Ort;count\nNord;5\n")
        kept = await releases(made)
        path.write_text(people(Nord=5, Süd=5))
        etag = (await made.get(method="HEAD"))[1].get("ETag", "")
        assert etag == ""
        for more in ({}, {"Range": "bytes=3-", "If-Range": '"guessed"'}, {"If-None-Match": "*"}):
            status, _, body = await made.get(**more)
            assert (status, json.loads(body)["code"]) == (403, "count.exhausted")
        assert await releases(made) == kept
        wrong = await made.session.get(made.address(), headers={"Authorization": "Bearer wrong"})
        assert wrong.status == 401
        assert await releases(made) == kept


async def test_a_use_that_broke_off_goes_on_also_when_it_was_the_last(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=5))
    terms = under(*COUNTS, constraints=[count(1)])
    async with world(tmp_path, terms, started(), asset("file", path=str(path))) as made:
        _, headers, whole = await made.get()
        status, _, rest = await made.get(Range="bytes=4-", If_Range=headers["ETag"])
        assert (status, rest) == (206, whole[4:])


async def test_terms_that_are_others_by_now_are_found_before_anything_is_made(shared: tuple[World, Path]) -> None:
    made, _ = shared
    assert (await made.get())[0] == 200
    await made.put(under(duty("suppress", field="kWh")))
    assert await told(made) == (403, "transform.undone")
    status, _, body = await made.get()
    assert status == 200
    assert read(body)[0] == ["Zähler", "Zeit", "Straße"]


async def test_an_access_that_nobody_transforms_is_refused(shared: tuple[World, Path]) -> None:
    """Whatever way leads to the gate: without the chain nothing is admitted."""
    made, _ = shared
    wanted = chain(duties.policy(duties.suppress("Straße")))
    assert wanted is not None
    for said in ("", wanted.digest):
        opened = await made.gate.asset(PID)
        with pytest.raises(Exception, match=r"transform\.undone"):
            await made.gate.admit(made.gate.credential(PID), PID, Ask(asset=opened, chain=said))


async def test_many_at_once_are_told_the_same(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=5, Süd=4))
    async with world(tmp_path, under(*COUNTS), started(), asset("file", path=str(path))) as made:
        answers = await asyncio.gather(*(told(made) for _ in range(20)))
        assert set(answers) == {(200, "Ort;count\nNord;5\nSüd;4\n")}
        assert await releases(made) == 2

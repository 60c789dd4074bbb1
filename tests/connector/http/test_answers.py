"""Answers with rows over a real socket: queries, forms, trailers, cuts, what breaks off and is continued."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gzip
import hashlib
import io
import random
import resource
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import zstandard

from connector.data.silos import kinds
from connector.data.silos.kinds import Place
from connector.records import Agreement
from tests.connector.data import made
from tests.connector.data.made import STORIES, Story
from tests.connector.data.test_egress import duty, least, under
from tests.connector.data.world import PID, World, agreement, asset, count, purpose, started, world
from tests.connector.data.world import until as until_

MANY = 20_000
SUPPRESS = duty("suppress", field="name")


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setitem(kinds.KINDS, "made", Place("tests.connector.data.made:MadeReader"))
    STORIES["made"] = Story()
    return STORIES["made"]


@asynccontextmanager
async def rows_world(folder: Path, terms: Agreement | None = None, **settings: Any) -> AsyncIterator[World]:
    terms = terms or agreement()
    async with world(folder, started(), terms, made.silo(), made.asset(), **settings) as w:
        yield w


def read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def sha(body: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


def expected(rows: list[tuple[str, ...]]) -> list[dict[str, str]]:
    return [dict(zip((one.name for one in made.FIELDS), row, strict=True)) for row in rows]


async def raw(w: World, *headers: str, method: str = "GET", query: str = "", version: str = "1.1") -> bytes:
    """The bytes of an answer as they stand on the wire, to the end of the connection."""
    host, port = w.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = w.address().removeprefix(w.url) + (f"?{query}" if query else "")
    lines = [
        f"{method} {path} HTTP/{version}",
        "Host: x",
        f"Authorization: Bearer {w.gate.credential(PID)}",
        "Connection: close",
        *headers,
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    got = b""
    with contextlib.suppress(ConnectionError):
        got = await reader.read()
    writer.close()
    return got


def dechunked(wire: bytes) -> tuple[dict[str, str], bytes, dict[str, str]]:
    """Headers, body and trailer fields."""
    head, _, rest = wire.partition(b"\r\n\r\n")
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if int(size, 16) == 0:
            return fields(head), body, fields(b"\r\n" + rest)
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]


def fields(head: bytes) -> dict[str, str]:
    lines = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:] if line]
    return {name: value for name, _, value in lines}


# --- what is asked ----------------------------------------------------------------------------------------------------


async def test_a_small_answer_has_a_length_and_a_hash(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(40)
    async with rows_world(tmp_path) as w:
        status, headers, body = await w.get(query="filter=count>=10%20AND%20district='D1'&properties=id,count&limit=3")
        assert status == 200
        assert headers["Repr-Digest"] == sha(body)
        assert headers["Content-Length"] == str(len(body))
        assert read(body) == [{"id": f"{n:07d}", "count": str(n)} for n in (13, 17, 21)]
        entry = await w.until_event("access.permitted")
        assert entry.params["sha256"] == hashlib.sha256(body).hexdigest()
        assert "filter=(count%20>=" in entry.params["query"]
        assert story.open == 0


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "geojson", "parquet"])
async def test_forms(tmp_path: Path, story: Story, form: str) -> None:
    story.rows = made.rows(300)
    async with rows_world(tmp_path) as w:
        status, headers, body = await w.get(query=f"f={form}")
        if form == "geojson":
            assert (status, msgspec.json.decode(body)["code"]) == (400, "query.form.places")
            return
        assert status == 200
        assert (
            headers["Content-Type"].split(";")[0]
            == {
                "csv": "text/csv",
                "ndjson": "application/x-ndjson",
                "json": "application/json",
                "parquet": "application/vnd.apache.parquet",
            }[form]
        )
        assert _ids(form, body) == [row[0] for row in story.rows]
        assert (await w.get(Accept=headers["Content-Type"]))[1]["Content-Type"] == headers["Content-Type"]


def _ids(form: str, body: bytes) -> list[str]:
    return [row["id"] for row in _rows(form, body)]


def _rows(form: str, body: bytes) -> list[dict[str, Any]]:
    match form:
        case "csv":
            return list(read(body))
        case "ndjson":
            return [msgspec.json.decode(line) for line in body.splitlines()]
        case "json":
            return list(msgspec.json.decode(body))
        case "geojson":
            return [one["properties"] for one in msgspec.json.decode(body)["features"]]
        case _:
            parquet: Any = import_module("pyarrow.parquet")
            return list(parquet.read_table(io.BytesIO(body)).to_pylist())


@pytest.mark.parametrize("source", ["text/csv", "application/x-ndjson"])
async def test_a_large_answer_ends_with_its_hash(tmp_path: Path, story: Story, source: str) -> None:
    story.rows, story.form = made.rows(MANY), source
    async with rows_world(tmp_path) as w:
        headers, body, after = dechunked(await raw(w, query="f=csv"))
        assert set(headers["Trailer"].split(", ")) == {"Repr-Digest", "Allmende-Outcome"}
        assert after == {"Repr-Digest": sha(body), "Allmende-Outcome": "complete"}
        assert read(body) == expected(story.rows)
        entry = await w.until_event("access.finished")
        assert entry.params["sha256"] == hashlib.sha256(body).hexdigest()
        assert story.open == 0


async def test_an_old_reader_gets_no_trailers(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(MANY)
    async with rows_world(tmp_path) as w:
        head, _, body = (await raw(w, version="1.0")).partition(b"\r\n\r\n")
        assert b"Trailer" not in head
        assert read(body) == expected(story.rows)
        head, _, body = (await raw(w, method="HEAD")).partition(b"\r\n\r\n")
        assert (b"200 OK" in head, body, b"Trailer" in head) == (True, b"", False)


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
@pytest.mark.parametrize("many", [300, MANY])
async def test_codings(tmp_path: Path, story: Story, coding: str, many: int) -> None:
    story.rows = made.rows(many)
    async with rows_world(tmp_path) as w:
        status, headers, got = await w.get(Accept_Encoding=coding)
        plain = (
            gzip.decompress(got) if coding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress(got)
        )
        assert (status, headers["Content-Encoding"], read(plain)) == (200, coding, expected(story.rows))
        assert "Unencoded-Digest" in (headers["Trailer"] if many == MANY else headers)


async def test_a_coded_answer_holds_nothing_back(tmp_path: Path, story: Story) -> None:
    story.rows, story.many, gate = made.rows(MANY), 10_000, asyncio.Event()

    async def before(piece: int) -> None:
        if piece == 1:
            await gate.wait()

    story.before = before
    async with rows_world(tmp_path) as w:
        async with w.session.get(w.address(), headers=w.headers(Accept_Encoding="zstd")) as response:
            made_plain = zstandard.ZstdDecompressor().decompressobj()
            got = b""
            while got.count(b"\n") < 8_000:
                got += made_plain.decompress(await response.content.readany())
            gate.set()
            got += made_plain.decompress(await response.content.read())
        assert read(got) == expected(story.rows)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("filter=nothing=1", "query.field"),
        ("filter=count='x'", "query.kind"),
        ("properties=id,secret", "query.field"),
        ("colour=red", "query.parameter"),
        ("limit=-1", "query.value"),
        ("f=xls", "query.form"),
        ("bbox=1,2,3,4", "query.place"),
    ],
)
async def test_what_cannot_be_asked_is_said_and_no_use(tmp_path: Path, story: Story, query: str, code: str) -> None:
    async with rows_world(tmp_path, agreement(count(1))) as w:
        status, _, body = await w.get(query=query)
        assert (status, msgspec.json.decode(body)["code"]) == (400, code)
        assert (await w.events()) == ["access.unserved"]
        assert story.asked == []
        assert (await w.get())[0] == 200


async def test_explaining_is_no_use_and_reads_nothing(tmp_path: Path, story: Story) -> None:
    async with rows_world(tmp_path, under(SUPPRESS)) as w:
        status, _, body = await w.get(query="explain=true&filter=count>3")
        told = msgspec.json.decode(body)
        assert status == 200
        assert told["contract"] == [{"step": "suppress", "fields": ["name"]}]
        assert "name" not in told["silo"]["fields"]
        assert told["node"]["where"]
        assert story.asked == []
        assert (await w.events()) == ["access.examined"]


async def test_a_count_over_answers(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(10)
    async with rows_world(tmp_path, agreement(count(2))) as w:
        assert (await w.get(method="HEAD"))[0] == 200
        got = [status for status, _, _ in await asyncio.gather(*(w.get(query=f"limit={n + 1}") for n in range(10)))]
        assert (got.count(200), got.count(403)) == (2, 8)
        read_ = len(story.asked)
        assert (await w.get())[0] == 403
        assert len(story.asked) == read_  # nothing is read for whom it would be refused to


async def test_a_failing_silo_is_our_fault_and_no_use(tmp_path: Path, story: Story) -> None:
    story.rows, story.fails_at = made.rows(10), 0
    async with rows_world(tmp_path, agreement(count(1))) as w:
        status, headers, body = await w.get()
        assert (status, msgspec.json.decode(body)["code"]) == (503, "unavailable")
        assert headers["Retry-After"] == "5"
        assert (await w.until_event("access.unserved")).params["reason"] == "source.unreachable"
        story.fails_at = -1
        assert (await w.get())[0] == 200


@pytest.mark.parametrize("name", ["counts.csv", "counts.json", "counts.geojson", "counts.ndjson"])
async def test_questions_about_files(tmp_path: Path, story: Story, name: str) -> None:
    bodies = {
        "counts.csv": ("text/csv", "Stra\xdfe;Anzahl\n\xc4hrenweg;1,5\nBachweg;2,5\n".encode("cp1252")),
        "counts.json": (
            "application/json",
            '[{"Straße":"Ährenweg","Anzahl":1.5},{"Straße":"Bachweg","Anzahl":2.5}]'.encode(),
        ),
        "counts.ndjson": (
            "application/x-ndjson",
            '{"Straße":"Ährenweg","Anzahl":1.5}\n{"Straße":"Bachweg","Anzahl":2.5}\n'.encode(),
        ),
        "counts.geojson": (
            "application/geo+json",
            '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[7,51]},'
            '"properties":{"Straße":"Ährenweg","Anzahl":1.5}},{"type":"Feature","geometry":{"type":"Point",'
            '"coordinates":[8,52]},"properties":{"Straße":"Bachweg","Anzahl":2.5}}]}'.encode(),
        ),
    }  # fmt: skip
    media_type, body = bodies[name]
    (tmp_path / name).write_bytes(body)
    thing = msgspec.structs.replace(asset("file", path=str(tmp_path / name)), media_type=media_type)
    async with world(tmp_path, started(), agreement(), thing) as w:
        assert (await w.get())[2] == body
        status, headers, got = await w.get(query="filter=Anzahl>2")
        assert (status, headers["Content-Type"].split(";")[0]) == (200, media_type)
        form = name.partition(".")[2]
        (row,) = _rows(form, got)
        assert row["Straße"] == "Bachweg"
        if form == "geojson":
            assert len(_rows("csv", (await w.get(query="bbox=6,50,7.5,51.5&f=csv"))[2])) == 1


async def test_a_file_without_rows_cannot_be_asked(tmp_path: Path, story: Story) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    thing = msgspec.structs.replace(asset("file", path=str(tmp_path / "a.pdf")), media_type="application/pdf")
    async with world(tmp_path, started(), agreement(), thing) as w:
        status, _, body = await w.get(query="limit=1")
        assert (status, msgspec.json.decode(body)["code"]) == (400, "query.rowless")


# --- what the contract takes away -------------------------------------------------------------------------------------


async def test_what_is_suppressed_is_not_even_read(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(20)
    async with rows_world(tmp_path, under(SUPPRESS)) as w:
        status, headers, body = await w.get()
        assert (status, "Allmende-Transforms" in headers) == (200, True)
        assert [*read(body)[0]] == ["id", "at", "district", "count"]
        assert "name" not in story.asked[0].fields
        for query in ("properties=name", "filter=name='Person,%201'"):
            status, _, body = await w.get(query=query)
            assert (status, msgspec.json.decode(body)["code"]) == (400, "query.field")


K = 5
CELLS = (
    duty("suppress", field="name"),
    duty("coarsen", temporalResolution="P1D", timeField="at"),
    duty("aggregate", {"leftOperand": "groupBy", "operator": "isAnyOf", "rightOperand": ["district", "at"]}),
    least(K),
)
QUERIES = (
    *("", "filter=district='D1'", "filter=count<5", "filter=count=1", "limit=1", "properties=count", "limit=3"),
    *("filter=at>=TIMESTAMP('2026-01-05T00:00:00Z')", "datetime=2026-01-03/2026-01-04", "filter=NOT%20district='D1'"),
    *("properties=district&filter=count<=5", "filter=district%20LIKE%20'D%25'", "resolution=P1M", "resolution=P7D"),
)


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize("source", ["text/csv", "application/x-ndjson"])
async def test_no_sequence_of_questions_yields_a_cell_under_k(
    tmp_path: Path, story: Story, source: str, snapshot: bool
) -> None:
    """Whatever is asked, in whatever form and order: only cells of the one release, and none with less than k."""
    story.form, story.snapshot = source, snapshot
    story.rows = [row for n, row in enumerate(made.rows(900)) if n % 7]
    draw = random.Random(7)
    seen: dict[tuple[str, str], int] = {}
    async with rows_world(tmp_path, under(*CELLS)) as w:
        for turn in range(30):
            query, form = draw.choice(QUERIES), draw.choice(["csv", "ndjson", "json", "parquet"])
            status, headers, body = await w.get(query=f"{query}&f={form}" if query else f"f={form}")
            if status == 400:
                assert "resolution" in query or "filter=at" in query or "datetime" in query
                continue
            assert status == 200, body
            assert "threshold" in headers["Allmende-Transforms"]
            assert b"Person" not in body
            for row in _rows(form, body):
                assert set(row) <= {"district", "at", "count"}
                if "count" in row:
                    assert int(row["count"]) >= K
                if len(row) == 3 and "resolution" not in query:
                    at = datetime.fromisoformat(str(row["at"])).astimezone(ZoneInfo("Europe/Berlin"))
                    key = (row["district"], at.isoformat())
                    assert seen.setdefault(key, int(row["count"])) == int(row["count"])
                    assert (at.hour, at.minute, at.second) == (0, 0, 0)
            if turn == 15:
                story.rows = [*story.rows, *made.rows(3, 900)]  # cells of few, which a difference would show
        assert seen
        whole = [pushed for pushed in story.asked if pushed != story.asked[0]]
        assert whole == []  # the silo was asked the same whatever the question


async def test_rows_of_groups_leave_only_where_they_can_be_counted_first(tmp_path: Path, story: Story) -> None:
    story.rows = [*made.rows(20), ("x", "2026-01-01T00:00:00Z", "alone", "Person", "1")]
    terms = under(least(K, groupField="district"))
    async with rows_world(tmp_path, terms) as w:
        status, _, body = await w.get(query="properties=id,district")
        assert (status, len(read(body)), b"alone" in body) == (200, 20, False)
        assert (await w.get(query="filter=district='alone'"))[2].count(b"\n") == 1
        story.snapshot = False
        w.silos.forget("made")
        status, _, body = await w.get()
        assert (status, msgspec.json.decode(body)["code"]) == (403, "transform.endless")


async def test_whoever_would_be_refused_is_told_nothing(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(200)
    async with rows_world(tmp_path, under(*CELLS, constraints=[purpose()])) as w:
        assert (await w.get(query="f=json", Allmende_Purpose="urn:other"))[0] == 403
        assert (story.asked, "release.told" in await w.events()) == ([], False)


# --- how it ends ------------------------------------------------------------------------------------------------------


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_cut_ends_at_once_also_while_the_silo_says_nothing(tmp_path: Path, story: Story) -> None:
    story.rows, story.many = made.rows(MANY), 5000

    async def before(piece: int) -> None:
        if piece == 2:
            await asyncio.Event().wait()

    story.before = before
    async with rows_world(tmp_path) as w:
        async with w.session.get(w.address(), headers=w.headers()) as response:
            await response.content.readany()
            await w.put(msgspec.structs.replace(started(), state="TERMINATED"))
            async with asyncio.timeout(1):
                await w.say("Transfer", PID)
                with pytest.raises(Exception, match=r"(?i)payload|reset|disconnect|closed"):
                    await response.content.read()
        entry = await w.until_event("access.cut")
        assert entry.params["reason"] == "transfer.state"
        await until(lambda: story.open == 0)


async def test_f24_a_change_between_decision_and_first_byte(tmp_path: Path, story: Story) -> None:
    """The decision is on disk, not a byte is sent: the stream is watched already."""
    story.rows, story.many = made.rows(MANY), 1000
    worlds: list[World] = []

    async def before(piece: int) -> None:
        if piece > 10:
            await asyncio.Event().wait()

    def fault(point: str) -> None:
        if point == "gate.admitted":
            worlds[0].clock.ahead = 80 * 365 * 86_400 * 1_000_000

    story.before = before
    terms = agreement(until_("2100-01-01T00:00:00Z"))
    async with rows_world(tmp_path, terms, fault=fault) as w:
        worlds.append(w)
        with pytest.raises(Exception, match=r"(?i)payload|reset|disconnect|closed"):
            await w.get()
        assert (await w.until_event("access.cut")).params["hash"] == terms.hash
        await until(lambda: story.open == 0)


async def test_a_silo_that_dies_ends_with_its_reason_and_a_reset(tmp_path: Path, story: Story) -> None:
    story.rows, story.many, story.fails_at = made.rows(MANY), 5000, 2
    async with rows_world(tmp_path) as w:
        wire = await raw(w)
        assert b"\r\n0\r\n" not in wire
        entry = await w.until_event("access.broken")
        assert entry.params["reason"] == "source.unreachable"
        assert story.open == 0


async def test_a_reader_who_leaves_ends_the_silos_work(tmp_path: Path, story: Story) -> None:
    story.rows, story.many = made.rows(MANY), 1000
    async with rows_world(tmp_path) as w:
        async with w.session.get(w.address(), headers=w.headers()) as response:
            await response.content.readany()
            response.close()
        await w.until_event("access.broken")
        await until(lambda: story.open == 0)
        assert story.given < MANY


async def test_a_slow_reader_holds_a_piece_or_two(tmp_path: Path, story: Story) -> None:
    """The silo is not read any further than what the connection takes."""
    story.rows, story.many = made.rows(400_000), 10_000
    async with rows_world(tmp_path) as w:
        host, port = w.url.removeprefix("http://").split(":")
        own_socket = socket.socket()
        own_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        own_socket.connect((host, int(port)))
        path = w.address().removeprefix(w.url)
        own_socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {w.gate.credential(PID)}\r\n\r\n".encode()
        )
        await until(lambda: story.given)
        given = -1
        while given != story.given:
            given = story.given
            await asyncio.sleep(0.3)
        assert given < 120_000  # of 20 MB the kernel holds half a megabyte, and we a piece or two
        own_socket.close()
        await w.until_event("access.broken")
        await until(lambda: story.open == 0)


# --- the rest of what broke off ---------------------------------------------------------------------------------------


async def broken_off(w: World, query: str = "", least: int = 1) -> tuple[str, bytes]:
    """The ETag and the first bytes of an answer that is left behind."""
    url = w.address() + (f"?{query}" if query else "")
    async with w.session.get(url, headers=w.headers()) as response:
        assert response.status == 200
        got = b""
        while len(got) < least:
            got += await response.content.readany()
        response.close()
        etag = response.headers["ETag"]
    await w.until_event("access.broken")
    return etag, got


def going_on(etag: str, got: bytes, **more: str) -> dict[str, str]:
    return {"Range": f"bytes={len(got)}-", "If_Range": etag, "Allmende_Have": sha(got), **more}


async def test_the_rest_is_no_use(tmp_path: Path, story: Story) -> None:
    story.rows, story.many = made.rows(MANY), 1000
    async with rows_world(tmp_path, agreement(count(1))) as w:
        etag, got = await broken_off(w)
        status, headers, rest = await w.get(**going_on(etag, got))
        assert (status, read(got + rest)) == (206, expected(story.rows))
        assert headers["Content-Range"] == f"bytes {len(got)}-9007199254740991/*"
        assert (await w.get())[0] == 403
        status, headers, _ = await w.get(method="HEAD", If_Match=etag)
        assert (status, headers["Content-Length"], headers["Repr-Digest"]) == (
            200, str(len(got + rest)), sha(got + rest)
        )  # fmt: skip
        last = await w.until_event("access.finished")
        assert last.params["sha256"] == hashlib.sha256(got + rest).hexdigest()


async def test_the_end_of_what_was_sent_whole_is_had_again(tmp_path: Path, story: Story) -> None:
    """The last bytes were lost behind us; what the silo has got since is not told in their place."""
    story.rows = made.rows(MANY)
    async with rows_world(tmp_path, agreement(count(1))) as w:
        _, headers, body = await w.get()
        story.rows = [*story.rows, *made.rows(50)]
        got = body[: len(body) - 100]
        status, told, rest = await w.get(**going_on(headers["ETag"], got))
        assert (status, got + rest) == (206, body)
        assert told["Content-Range"] == f"bytes {len(got)}-{len(body) - 1}/{len(body)}"
        status, told, _ = await w.get(**going_on(headers["ETag"], body))
        assert (status, told["Content-Range"]) == (416, f"bytes */{len(body)}")


@pytest.mark.parametrize("change", ["row", "question", "hash", "beyond", "from nothing", "anew"])
async def test_news_are_a_use(tmp_path: Path, story: Story, change: str) -> None:
    """Whoever comes back for something else than the rest has to pay for it."""
    story.rows, story.many = made.rows(MANY), 1000
    async with rows_world(tmp_path, agreement(count(1))) as w:
        etag, got = await broken_off(w)
        asked, query = going_on(etag, got), ""
        match change:
            case "row":
                story.rows[3] = (*story.rows[3][:4], "77")
            case "question":
                query = "filter=count>3"
            case "hash":
                asked["Allmende_Have"] = sha(b"x")
            case "beyond":
                asked |= {"Range": f"bytes={len(got) + (8 << 20)}-", "Allmende_Have": ""}
            case "from nothing":
                asked |= {"Range": "bytes=0-", "Allmende_Have": sha(b"")}
            case _:
                asked = {"If_Range": etag}
        assert (await w.get(query=query, **asked))[0] == 403
        assert (await w.get(query=query, **asked, If_Match=etag))[0] in (403, 412)


async def test_whoever_names_an_answer_pays_for_no_other(tmp_path: Path, story: Story) -> None:
    story.rows, story.many = made.rows(MANY), 1000
    async with rows_world(tmp_path, agreement(count(2))) as w:
        etag, got = await broken_off(w)
        story.rows[3] = (*story.rows[3][:4], "77")
        assert (await w.get(**going_on(etag, got, If_Match=etag)))[0] == 412
        assert (await w.get(If_Match='"never"'))[0] == 412
        assert (await w.get())[0] == 200


async def test_what_was_told_is_never_told_otherwise(tmp_path: Path, story: Story) -> None:
    """Coming back for less than was told gives the same bytes or nothing: no second reading of what has changed."""
    story.rows, story.many = made.rows(MANY), 1000
    async with rows_world(tmp_path, agreement(count(1))) as w:
        etag, got = await broken_off(w, least=200_000)
        story.rows[2000] = (*story.rows[2000][:4], "77")  # told already, behind what is asked for
        few = got[:1000]
        assert (await w.get(**going_on(etag, few)))[0] == 403


async def test_two_readers_of_one_rest(tmp_path: Path, story: Story) -> None:
    """Nothing of one use is told by two connections at once."""
    story.rows, story.many, held = made.rows(MANY), 1000, asyncio.Event()
    async with rows_world(tmp_path, agreement(count(1))) as w:
        etag, got = await broken_off(w)

        async def before(piece: int) -> None:
            if piece == 19:
                await held.wait()

        story.before = before
        first = asyncio.create_task(w.get(**going_on(etag, got)))
        await until(lambda: story.open)
        await asyncio.sleep(0.1)
        second = asyncio.create_task(w.get(**going_on(etag, got)))
        with pytest.raises(Exception, match=r"(?i)payload|reset|disconnect|closed"):
            await first
        held.set()
        status, _, rest = await second
        assert (status, read(got + rest)) == (206, expected(story.rows))


async def test_somebody_elses_answer_is_unknown(tmp_path: Path, story: Story) -> None:
    story.rows, story.many = made.rows(MANY), 1000
    other = "urn:uuid:00000000-0000-7000-8000-0000000000f2"
    async with world(tmp_path, started(), started(other), agreement(), made.silo(), made.asset()) as w:
        etag, _ = await broken_off(w)
        async with w.session.head(w.address(pid=other), headers=w.headers(other, If_Match=etag)) as response:
            assert response.status == 412


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [(), (SUPPRESS,), (least(K, groupField="district"),)])
async def test_many_at_once_wait_for_their_turn(tmp_path: Path, story: Story, terms: tuple[Any, ...]) -> None:
    """More than there are threads, and many more than the silo answers at once."""
    story.rows, story.many = made.rows(60), 20
    async with rows_world(tmp_path, under(*terms) if terms else None) as w:
        async with asyncio.timeout(60):
            got = await asyncio.gather(*(w.get(query="properties=id,district") for _ in range(100)))
        whole = [body for status, _, body in got if status == 200]
        assert {status for status, _, _ in got} <= {200, 503}  # too long a queue is said
        assert len(whole) > 20
        assert all(len(read(body)) == 60 for body in whole)
        assert story.open == 0


async def test_what_is_streamed_is_signed_at_its_end(tmp_path: Path, story: Story) -> None:
    story.rows = made.rows(MANY)
    async with rows_world(tmp_path, under(duty("sign"))) as w:
        headers, body, after = dechunked(await raw(w))
        said = msgspec.json.decode(bytes.fromhex(after["Allmende-Signature"]))
        assert (said["sha256"], said["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
        _, told, _ = await w.get(method="HEAD", If_Match=headers["ETag"])
        assert told["Allmende-Signature"] == after["Allmende-Signature"]


async def test_memory_stays_flat(tmp_path: Path, story: Story) -> None:
    story.rows, story.many = made.rows(200_000), 10_000
    async with rows_world(tmp_path) as w:
        await w.get(query="limit=100")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = 0
        async with w.session.get(w.address() + "?f=ndjson", headers=w.headers()) as response:
            async for piece in response.content.iter_chunked(1 << 16):
                size += len(piece)
        assert size > 15 << 20
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 << 10

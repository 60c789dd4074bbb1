"""Questions of all kinds, drawn at random: none is a fault of ours, and none has anything in it that does not leave."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from connector.records import Asset, Silo
from tests.connector.data.test_egress import duty, under
from tests.connector.data.world import DATASET, started, world

MANY: Final = 150
FIELDS: Final = ("v", "name", "deep", "t", "d", "b", "lat", "lon")
ASKED: Final = (*FIELDS, "geometry", "id", '"v"', '"a b"', "ſ", "Name", "properties", "nothing")
LITERALS: Final = (
    "1", "-1", "1e308", "1e-320", "9999999999999999", "'a'", "''", "'%'", "'\\'", "'2026-01-01'", "TRUE", "NULL",
    "TIMESTAMP('2026-01-01T00:00:00Z')", "DATE('9998-12-31')", "'\0'", "'\U0001ffff'", "BBOX(1,2,3,4)",
)  # fmt: skip
SPANS: Final = ("2026-01-01", "..", "2026-01-01/..", "9999-12-31/..", "0001-01-01", "2026-02-30")
BOXES: Final = ("7,51,8,52", "179,-90,-179,90", "nan,1,2,3", "1e99,1,2,3", "0,0,0,0")
SCALES: Final = ("PT1H", "P1D", "100", "P1Y", "P1D,1000", "PT7M", "municipality", "100000000")
FORMS: Final = ("csv", "ndjson", "json", "geojson", "parquet", "xml")
DEEP: Final = {"Name": "Hidden", "y": [1, {"name": "Hidden"}]}


def rows() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {
            "v": n, "name": f"Hidden{n}", "deep": DEEP, "t": f"2026-01-01T10:{n:02}:59Z", "d": f"2026-01-{n + 1:02}",
            "b": bool(n % 2), "lat": 51.123456 + n / 1000, "lon": 7.123456,
        }
        for n in range(20)
    ]  # fmt: skip
    return [*made, dict.fromkeys(FIELDS)]


def texts(row: dict[str, Any]) -> list[Any]:
    return [json.dumps(one) if isinstance(one, dict) else one for one in row.values()]


def lines(folder: Path) -> None:
    (folder / "rows.ndjson").write_text("\n".join(map(json.dumps, rows())))


def features(folder: Path) -> None:
    made = [
        {
            "type": "Feature",
            "id": str(n),
            "geometry": {"type": "Point", "coordinates": [row.pop("lon") or 7, row.pop("lat") or 51]},
            "properties": row,
            "name": "Hidden",
        }
        for n, row in enumerate(rows())
    ]
    (folder / "rows.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": made, "name": "Hidden"}))


def table(folder: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([FIELDS, *map(texts, rows())])
    (folder / "rows.csv").write_text(out.getvalue())


def database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "rows.db")) as connection, connection:
        connection.execute(
            "CREATE TABLE rows (v integer, name text, deep json, t datetime, d date, b boolean, lat real, lon real)"
        )
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(texts, rows()))


def condition(draw: random.Random, depth: int = 0) -> str:
    field, literal = draw.choice(ASKED), draw.choice(LITERALS)
    match draw.randrange(9 if depth < 3 else 6):
        case 0 | 1:
            return f"{field} {draw.choice(['=', '<>', '<', '>=', '=='])} {literal}"
        case 2:
            return f"{field} IN ({literal},{draw.choice(LITERALS)})"
        case 3:
            return f"{field} LIKE {literal}"
        case 4:
            return f"{field} IS {draw.choice(['', 'NOT '])}NULL"
        case 5:
            return f"S_INTERSECTS({field},BBOX(7,51,8,52))"
        case 6:
            return f"NOT ({condition(draw, depth + 1)})"
        case _:
            both = draw.choice(["AND", "OR"])
            return f"({condition(draw, depth + 1)}) {both} ({condition(draw, depth + 1)})"


def question(draw: random.Random) -> str:
    parts: dict[str, tuple[float, Callable[[], str]]] = {
        "filter": (0.7, lambda: condition(draw)),
        "properties": (0.3, lambda: ",".join(draw.sample(ASKED, draw.randrange(1, 4)))),
        "limit": (0.3, lambda: draw.choice(["1", "3", "0", "-1", "99999999999999"])),
        "datetime": (0.2, lambda: draw.choice(SPANS)),
        "bbox": (0.2, lambda: draw.choice(BOXES)),
        "resolution": (0.2, lambda: draw.choice(SCALES)),
        "f": (0.5, lambda: draw.choice(FORMS)),
        "explain": (0.1, lambda: "true"),
    }
    asked: dict[str, str] = {name: make() for name, (often, make) in parts.items() if draw.random() < often}
    return "&".join(f"{name}={quote(value)}" for name, value in asked.items())


@pytest.mark.parametrize(
    ("kind", "collection", "make"),
    [
        ("files", "rows.ndjson", lines),
        ("files", "rows.geojson", features),
        ("files", "rows.csv", table),
        ("sqlite", "rows", database),
    ],
)
async def test_no_question_has_an_answer_with_what_does_not_leave(
    tmp_path: Path, kind: str, collection: str, make: Callable[[Path], None]
) -> None:
    folder, state = tmp_path / "shared", tmp_path / "state"
    folder.mkdir()
    state.mkdir()
    make(folder)
    path = folder / "rows.db" if kind == "sqlite" else folder
    silo = Silo(id="silo", kind=kind, settings={"path": str(path)}, created=0, created_by="a")
    fields = [one for one in FIELDS if collection != "rows.geojson" or one not in ("lat", "lon")]
    asset = Asset(
        id=DATASET, name="rows", title="Rows", kind=kind, created=0, created_by="a",
        settings={"silo": "silo", "collection": collection, "fields": fields},
    )  # fmt: skip
    terms = under(duty("suppress", field="name"), duty("coarsen", timeField="t", temporalResolution="PT1H"))
    draw, answered = random.Random(collection), 0
    async with world(state, started(), terms, asset, silo, kinds=("files", "sqlite")) as w:
        for query in ["", *(question(draw) for _ in range(MANY))]:
            status, headers, body = await w.get(query=query)
            assert status in (200, 400), (query, status, body)
            assert status == 400 or b"Hidden" not in body + repr(headers).encode(), query
            assert status == 400 or (b":59Z" not in body and b":59+" not in body), query
            answered += status == 200
    assert answered > 5

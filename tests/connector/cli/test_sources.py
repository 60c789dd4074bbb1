"""`allmende source` and assets of sources: what is sent, what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.cli.sources import selected
from tests.connector.cli.api import Api, problem
from tests.connector.cli.conftest import Types

SOURCE: dict[str, Any] = {
    "name": "cadastre",
    "kind": "postgres",
    "settings": {"host": "db", "password_file": "/etc/x"},
    "assets": ["trees"],
    "reason": None,
    "created": 0,
    "created_by": "admin",
}
FAILING = {**SOURCE, "reason": {"code": "source.slow", "params": {}, "sentence": "The silo has said nothing."}}
SETTING = {
    "name": "host",
    "about": "name of the server",
    "needed": True,
    "secret": False,
    "common": False,
    "example": "db.example",
}
KINDS = [
    {
        "kind": "postgres",
        "settings": [
            SETTING,
            {**SETTING, "name": "password", "needed": False, "secret": True, "example": ""},
            {**SETTING, "name": "at_once", "common": True},
        ],
        "missing": ["asyncpg"],
        "install": "pip install 'allmende[postgres]'",
        "reason": None,
    },
    {"kind": "files", "settings": [], "missing": [], "install": "", "reason": None},
]
SEEN: dict[str, Any] = {
    "collection": "trees",
    "title": "",
    "media_type": "text/csv",
    "fields": [{"name": "id", "kind": "number", "nullable": False}, {"name": "kind", "kind": "text", "nullable": True}],
    "key": ["id"],
    "time": "",
    "geometry": "",
    "crs": "",
    "licence": "",
    "live": False,
    "snapshot": True,
    "sample": {"fields": ["id", "kind"], "rows": [["1", "oak"], ["2", "evil\x1b[2J"]]},
    "parts": {"columns": "silo", "number": "narrowed", "text": "node"},
    "lacks": [{"code": "shape.time", "params": {}, "sentence": "No field of time."}],
    "reason": None,
}
FOUND = {
    "collections": ["trees", "wells", "a third one"],
    "seen": [
        SEEN,
        {**SEEN, "collection": "wells", "reason": {"code": "source.broken", "params": {}, "sentence": "Bad."}},
    ],
    "concerns": [{"code": "source.may_write", "params": {}, "sentence": "The account may write."}],
}
ASSET = {
    "id": "https://here/datasets/trees",
    "name": "trees",
    "kind": "postgres",
    "settings": {
        "silo": "cadastre",
        "collection": "trees",
        "fields": ["id", "kind"],
        "where": "id > 3",
        "shape": {"fields": [{"name": "id", "kind": "number"}, {"name": "kind", "kind": "text"}]},
    },
    "title": "trees",
    "description": "",
    "media_type": "text/csv",
    "created": 0,
    "created_by": "admin",
}


def test_kinds_say_what_is_needed_and_what_is_missing(api: Api, types: Types) -> None:
    api.answers["GET /v1/source-kinds"] = {"items": KINDS, "next": None}
    said = types("source", "kinds")
    assert "host (needed): name of the server (for example db.example)" in said.out
    assert "password (as _file or _credential)" in said.out
    assert "pip install 'allmende[postgres]'" in said.out
    assert "files" not in types("source", "kinds", "--kind", "postgres").out
    assert said.out.count("at_once") == 1
    german = types("source", "kinds", "--lang", "de").out
    assert "Jede Art" in german
    assert "(nötig)" in german
    assert "Nicht installiert: asyncpg" in german
    unknown = types("source", "kinds", "--kind", "cobol")
    assert unknown.status == 2
    assert "postgres, files" in unknown.err


def test_a_database_by_its_url_is_told_as_what_it_is_kept(api: Api, types: Types) -> None:
    kept = {**SOURCE, "name": "air", "kind": "postgres", "settings": {"host": "db", "database": "air"}}
    api.answers["POST /v1/sources"] = (201, kept)
    said = types("source", "add", "air", "--kind", "sql", "--set", "url=postgresql://db/air")
    assert said.out.startswith("Source air added as postgres: database=air, host=db. See what it has:")


def test_a_source_is_added_with_its_settings(api: Api, types: Types, tmp_path: Path) -> None:
    api.answers["POST /v1/sources"] = (201, SOURCE)
    settings = ("host=db=1", "password_file=secrets/db", "path=/srv/x", "path_of=rel")
    said = types(
        "source", "add", "cadastre", "--kind", "postgres", *(part for one in settings for part in ("--set", one))
    )
    assert said.status == 0
    assert "allmende source check cadastre" in said.out
    assert api.asked[-1].body == {
        "name": "cadastre",
        "kind": "postgres",
        "settings": {
            "host": "db=1",
            "password_file": str(tmp_path / "secrets/db"),
            "path": "/srv/x",
            "path_of": "rel",
        },
    }


def test_what_is_no_setting_is_told(api: Api, types: Types) -> None:
    said = types("source", "add", "cadastre", "--kind", "postgres", "--set", "host")
    assert said.status == 2
    assert "KEY=VALUE" in said.err
    assert not api.asked


def test_a_refusal_of_the_node_is_told(api: Api, types: Types) -> None:
    api.answers["POST /v1/sources"] = (400, problem("silo.settings", "It looks like a secret; write password_file."))
    said = types("source", "add", "x", "--kind", "http", "--set", "password=hunter2")
    assert said.status == 1
    assert "password_file" in said.err
    assert "hunter2" not in said.err + said.out


def test_settings_are_changed(api: Api, types: Types) -> None:
    api.answers["POST /v1/sources/cadastre/change"] = SOURCE
    assert "changed" in types("source", "change", "cadastre", "--set", "host=b", "--unset", "port").out
    assert api.asked[-1].body == {"settings": {"host": "b"}, "without": ["port"]}


def test_sources_are_listed_with_what_is_wrong(api: Api, types: Types) -> None:
    api.answers["GET /v1/sources"] = {"items": [FAILING], "next": None}
    said = types("source", "list")
    assert "The silo has said nothing." in said.out
    assert "trees" in said.out
    api.answers["GET /v1/sources"] = {"items": [], "next": None}
    assert "allmende source kinds" in types("source", "list").out
    assert "Noch keine Quellen" in types("source", "list", "--lang", "de").out


def test_one_source_is_shown_and_removed(api: Api, types: Types) -> None:
    api.answers["GET /v1/sources/cadastre"] = SOURCE
    api.answers["DELETE /v1/sources/cadastre"] = (204, None)
    said = types("source", "show", "cadastre")
    assert "password_file=/etc/x" in said.out
    assert types("source", "show", "cadastre", "--json").json == SOURCE
    assert types("source", "remove", "cadastre").status == 0


def test_what_a_source_has_is_shown_to_a_person(api: Api, types: Types) -> None:
    api.answers["POST /v1/sources/cadastre/check"] = FOUND
    said = types("source", "check", "cadastre")
    assert "id (number), kind (text)" in said.out
    assert "oak" in said.out
    assert "\x1b" not in said.out
    assert "number: narrowed by the silo, done again by the node" in said.out
    assert "No field of time." in said.out
    assert "Bad." in said.out
    assert "The account may write." in said.out
    assert "1 more collections" in said.out
    assert "allmende asset add NAME --from cadastre --select trees" in said.out
    german = types("source", "check", "cadastre", "--lang", "de").out
    assert "Zahl: grenzt das Quellsystem ein, prüft der Knoten nach" in german
    types("source", "check", "cadastre", "--collection", "trees")
    assert api.asked[-1].body == {"collection": "trees"}


def test_a_source_of_which_nothing_can_be_read_is_a_failure(api: Api, types: Types) -> None:
    seen: list[Any] = FOUND["seen"]  # type: ignore[assignment]
    failed = [one for one in seen if one["reason"]]
    assert failed
    api.answers["POST /v1/sources/cadastre/check"] = {**FOUND, "seen": failed}
    said = types("source", "check", "cadastre")
    assert said.status == 1
    assert "Bad." in said.out
    assert "Nothing of it can be read." in said.err


@pytest.mark.parametrize(
    ("given", "collection", "fields"),
    [
        ("trees", "trees", []),
        ("trees:id,species", "trees", ["id", "species"]),
        ("trees: id , species ", "trees", ["id", "species"]),
        ("app::trees:id", "app:trees", ["id"]),
        ("app::trees", "app:trees", []),
        ("", "", []),
        (":id", "", ["id"]),
    ],
)
def test_what_is_selected(given: str, collection: str, fields: list[str]) -> None:
    assert selected(given) == (collection, fields)


def test_a_collection_is_shared(api: Api, types: Types) -> None:
    api.answers["POST /v1/sources/cadastre/assets"] = (201, ASSET)
    said = types(
        "asset", "add", "trees", "--from", "cadastre", "--select", "trees:id,kind", "--where", "id > 3", "--title", "T"
    )
    assert said.status == 0
    assert said.err == ""
    assert "allmende offer publish trees POLICY" in said.out
    assert api.asked[-1].body == {
        "name": "trees",
        "title": "T",
        "description": "",
        "collection": "trees",
        "fields": ["id", "kind"],
        "where": "id > 3",
    }


def test_without_fields_it_is_said_what_was_frozen(api: Api, types: Types) -> None:
    api.answers["POST /v1/sources/cadastre/assets"] = (201, ASSET)
    said = types("asset", "add", "trees", "--from", "cadastre", "--select", "trees")
    assert "no later ones: id, kind" in said.err


@pytest.mark.parametrize(
    "args",
    [
        ("trees",),
        ("trees", "--select", "trees"),
        ("trees", "--kind", "live", "--where", "a = 1"),
        ("trees", "--from", "cadastre", "--kind", "live"),
        ("trees", "--from", "cadastre", "--select", "trees:"),
        ("trees", "--from", "cadastre", "--select", "trees:a,,b"),
    ],
)
def test_what_is_not_clear_is_not_added(api: Api, types: Types, args: tuple[str, ...]) -> None:
    assert types("asset", "add", *args).status == 2
    assert not api.asked


def test_an_asset_of_a_source_shows_its_fields_and_rows(api: Api, types: Types) -> None:
    api.answers["GET /v1/assets/trees"] = ASSET
    api.answers["GET /v1/assets/trees/rows?limit=5"] = SEEN["sample"]
    said = types("asset", "show", "trees")
    assert "id (number), kind (text)" in said.out
    assert "silo=cadastre" in said.out
    assert "shape" not in said.out
    said = types("asset", "preview", "trees")
    assert said.out.splitlines()[0].split() == ["id", "kind"]
    assert "oak" in said.out

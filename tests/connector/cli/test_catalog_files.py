"""`allmende catalog check|import|export|harvest`: files without a node, records given to one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from catalog.portal import ntriples, turtle
from tests.catalog.repair.records import HARBOUR, sound
from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types


@pytest.fixture
def harbour(tmp_path: Path) -> str:
    file = tmp_path / "hafen.ttl"
    file.write_bytes(turtle.write(HARBOUR))
    return str(file)


def test_a_sound_record_is_taken_without_a_node(types: Types, tmp_path: Path) -> None:
    (tmp_path / "gut.nt").write_bytes(ntriples.write(sound()))
    done = types("catalog", "check", str(tmp_path / "gut.nt"))
    assert done.status == 0
    assert "1 records, 1 clean" in done.out


def test_what_a_portal_would_refuse_is_told_by_rule(types: Types, harbour: str) -> None:
    done = types("catalog", "check", harbour, "--lang", "de")
    assert done.status == 1
    assert "dcat:Dataset/dct:accessRights/" in done.out and "Muss" in done.out
    assert "--repair --dry-run" in done.err


def test_repairs_are_told_and_written_without_a_node(types: Types, harbour: str, tmp_path: Path) -> None:
    to = str(tmp_path / "neu.jsonld")
    done = types("catalog", "import", harbour, "--repair", "--dry-run", "--to", to, "--json")
    assert done.status == 0
    answer = json.decode(done.out)
    assert (answer["clean_before"], answer["clean"]) == (0, 1)
    (record,) = answer["records"]
    assert {"rule", "node", "property", "before", "after", "sentence"} == set(record["repairs"][0])
    assert all(one["sentence"] and not one["sentence"].startswith("repair.") for one in record["repairs"])
    assert types("catalog", "check", to).status == 0


def test_records_are_given_to_the_node(types: Types, api: Api, harbour: str) -> None:
    taken = {"items": [], "added": 1, "changed": 0, "same": 0, "refused": 0, "retired": 0, "unchanged": False}
    api.answers["POST /v1/imports"] = {**taken, "reason": None}
    done = types("catalog", "import", harbour, "--repair", "--assets")
    assert done.status == 0, done.err
    (asked,) = [one.body for one in api.asked if one.path == "/v1/imports"]
    assert [one["id"] for one in asked["records"]] == ["https://daten.hafenstadt.example/dataset/kitas"]


def test_a_file_that_is_none(types: Types, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text("<html>")
    assert types("catalog", "check", str(tmp_path / "x.ttl")).status == 1
    assert types("catalog", "check", str(tmp_path / "nicht.ttl")).status == 1
    assert types("catalog", "import", str(tmp_path / "x.ttl"), "--as", "a", "--assets").status == 2


def test_a_licence_that_there_is_none_of(types: Types, harbour: str) -> None:
    done = types("catalog", "import", harbour, "--licence", "frei erfunden")
    assert done.status == 2 and "dl-by-de/2.0" in done.err


def run_of(**more: Any) -> dict[str, Any]:
    counts = {"items": [], "added": 2, "changed": 0, "same": 5, "refused": 0, "retired": 1}
    return {**counts, "unchanged": False, "reason": None, **more}


def test_a_harvest_tells_what_became_of_records(types: Types, api: Api) -> None:
    api.answers["POST /v1/harvests/land/run"] = run_of()
    done = types("catalog", "harvest", "run", "land")
    assert done.status == 0 and "retired" in done.out
    api.answers["POST /v1/harvests/land/run"] = run_of(unchanged=True)
    assert "Nothing has changed" in types("catalog", "harvest", "run", "land").out


def test_what_still_lacks_and_what_is_but_one_page_is_said(types: Types, tmp_path: Path) -> None:
    file = tmp_path / "teil.ttl"
    file.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> ."
        "@prefix hydra: <http://www.w3.org/ns/hydra/core#> ."
        '<https://x.example/1> a dcat:Dataset ; dct:title "Ohne Herausgeber" .'
        "<https://x.example/?page=1> a hydra:PagedCollection ; hydra:nextPage <https://x.example/?page=2> ."
    )
    done = types("catalog", "import", str(file), "--repair", "--dry-run", "--lang", "de")
    assert done.status == 0
    assert "würde weiterhin ablehnen:\n  Ohne Herausgeber" in done.out
    assert "Es fehlt dct:publisher" in done.out and "Niemand hat https://x.example/1 beschrieben" in done.out
    assert "eine Seite von mehreren" in done.err

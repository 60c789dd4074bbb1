"""What this node shows, read by the parser of CKAN's harvester itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from catalog.graph import Graph
from catalog.portal import jsonld, ntriples, rdfxml, turtle
from catalog.portal.dcat_ap_de import Sheet
from catalog.portal.metadata import write
from tests.catalog.portal.exhibits import ROOT, exhibit
from tests.catalog.portal.test_dcat_ap_de import shown
from tests.catalog.portal.test_metadata import FULL

HERE = Path(__file__).parent
PYTHON = HERE.parent.parent / ".harvester" / "bin" / "python"
EU = "http://publications.europa.eu/resource/authority/"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="ckanext-dcat is not installed (. scripts/lib/servers.sh; ensure_harvester)"
)


def parsed(folder: Path, data: bytes, media_type: str) -> Any:
    """What the harvester finds on a page."""
    file = folder / "page"
    file.write_bytes(data)
    ran = subprocess.run(
        [PYTHON, HERE / "parse_as_ckan.py", file, media_type], capture_output=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    return json.decode(ran.stdout)


def page() -> Graph:
    """The first of two pages, with an asset alone and one of which all is said."""
    addresses = [f"{ROOT}/dcat/catalog.ttl?page={number}" for number in (1, 2)]
    sheet = Sheet(
        id=addresses[0], first=addresses[0], last=addresses[1], previous="", next=addresses[1], total=4, size=2
    )
    rich = replace(FULL, title={"de": "Ladesäulen"}, keywords={"de": ("Ladesäule", "Straße")})
    made = [exhibit("trees", media_type="text/csv"), exhibit("rich", write(rich, f"{ROOT}/datasets/rich").values())]
    return shown(*made, sheet=sheet)


@pytest.mark.parametrize("form", [turtle, rdfxml, jsonld, ntriples], ids=["ttl", "rdf", "jsonld", "nt"])
def test_the_parser_of_ckan_finds_everything(tmp_path: Path, form: Any) -> None:
    writing: Callable[[Graph], bytes] = form.write
    found = parsed(tmp_path, writing(page()), form.MEDIA_TYPE)
    assert found["next"] == f"{ROOT}/dcat/catalog.ttl?page=2"
    by_iri = {_extra(one, "uri"): one for one in found["datasets"]}
    assert set(by_iri) == {f"{ROOT}/datasets/trees", f"{ROOT}/datasets/rich"}
    rich, trees = by_iri[f"{ROOT}/datasets/rich"], by_iri[f"{ROOT}/datasets/trees"]
    assert (rich["title"], rich["notes"]) == ("Ladesäulen", "Wo geladen werden kann.")
    assert {one["name"] for one in rich["tags"]} == {"Ladesäule", "Straße"}
    assert _extra(rich, "publisher_name") == "Stadt"
    assert _extra(rich, "contact_email") == "a@b.example"
    assert _extra(rich, "temporal_start") == "2020-01-01"
    assert json.decode(_extra(rich, "theme")) == [f"{EU}data-theme/ENER", f"{EU}data-theme/TRAN"]
    assert json.decode(_extra(rich, "spatial_bbox"))["type"] == "Polygon"
    csv = next(one for one in rich["resources"] if one["access_url"] == "https://rostock.example/1.csv")
    assert csv["license"] == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert csv["size"] == 12_345
    (only,) = trees["resources"]
    assert only["access_url"].startswith(f"{ROOT}/dcat/datasets/trees/terms/")
    assert only["license"] == "http://dcat-ap.de/def/licenses/other-closed"
    assert only["format"] == f"{EU}file-type/CSV"


def _extra(dataset: Any, key: str) -> Any:
    return next(one["value"] for one in dataset["extras"] if one["key"] == key)

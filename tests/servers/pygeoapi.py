"""pygeoapi: OGC API - Features over a PostGIS table (`trees`) and a file (`benches`), behind nginx."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from scripts.lib.leash import leashed
from tests.servers import front, postgres, trees
from tests.servers.keeping import ROOT, free_port, listens, process, python, shared, until

USER: Final = "www-data"
DATABASE: Final = "pygeoapi"
_PROGRAM: Final = """
import os
import sys
from pathlib import Path
import waitress
from pygeoapi.openapi import generate_openapi_document
described = generate_openapi_document(Path(os.environ["PYGEOAPI_CONFIG"]), "json")
Path(os.environ["PYGEOAPI_OPENAPI"]).write_text(described)
from pygeoapi.flask_app import APP
waitress.serve(APP, listen=f"127.0.0.1:{sys.argv[1]}", threads=2)
"""


@contextlib.contextmanager
def running(folder: Path, common: Path) -> Iterator[dict[str, Any]]:
    """Start it, with a database of its own in the run's PostgreSQL."""
    with contextlib.ExitStack() as stack:
        facts = stack.enter_context(contextlib.contextmanager(shared)("postgres", common))
        database = stack.enter_context(postgres.Postgres(**facts).database(DATABASE))
        database.execute(trees.CREATE)
        (folder / "benches.geojson").write_bytes(msgspec.json.encode(trees.benches()))
        port, behind = free_port(), free_port()
        configuration, described, log = folder / "pygeoapi.json", folder / "openapi.json", folder / "server.log"
        configuration.write_bytes(msgspec.json.encode(_configuration(folder, port, database.server.port)))
        environment = {
            "PATH": os.environ["PATH"],
            "PYGEOAPI_CONFIG": str(configuration),
            "PYGEOAPI_OPENAPI": str(described),
        }
        command = [str(ROOT / ".servers" / "bin" / "python"), "-c", _PROGRAM, str(behind)]
        started = stack.enter_context(process(leashed(command), log, cwd=folder, env=environment))
        until(lambda: listens(behind), started, log)
        passed = f"proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host;"
        nginx = stack.enter_context(front.fronting(folder, USER, port, passed))
        yield {one: getattr(nginx, one) for one in nginx.__struct_fields__}


def _configuration(folder: Path, port: int, database: int) -> dict[str, Any]:
    stored = "http://www.opengis.net/def/crs/EPSG/0/25832"
    wgs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    table = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": "127.0.0.1",
            "port": str(database),
            "dbname": DATABASE,
            "user": "reader",
            "password": postgres.READER,
            "search_path": ["public"],
        },
        "table": "trees",
        "id_field": "id",
        "geom_field": "place",
        "time_field": "checked",
        "storage_crs": stored,
        "crs": [wgs84, stored],
    }
    file = {"type": "feature", "name": "GeoJSON", "data": str(folder / "benches.geojson"), "id_field": "id"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 500},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "City",
                "description": "City",
                "keywords": ["city"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": "http://city.example",
            },
            "license": {"name": "Datenlizenz Deutschland Zero 2.0", "url": "https://www.govdata.de/dl-de/zero-2-0"},
            "provider": {"name": "City", "url": "http://city.example"},
            "contact": {"name": "City"},
        },
        "resources": {"trees": _resource("Trees", table), "benches": _resource("Benches", file)},
    }


def _resource(title: str, provider: dict[str, Any]) -> dict[str, Any]:
    extents = {"spatial": {"bbox": [9, 48, 11, 49], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    return {
        "type": "collection",
        "title": title,
        "description": title,
        "keywords": [title],
        "links": [],
        "extents": extents,
        "providers": [provider],
    }


def required() -> None:
    """Skip where it is not installed."""
    postgres.required()
    front.required()
    python("pygeoapi")

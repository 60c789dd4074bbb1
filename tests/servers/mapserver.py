"""MapServer: WFS 2.0 over a PostGIS table (`trees`, GeoJSON and GML) and a file (`benches`, GML alone)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.servers import front, postgres, trees
from tests.servers.keeping import as_user, found, free_port, need, process, shared, until

USER: Final = "www-data"
DATABASE: Final = "mapserver"

_MAP: Final = """
MAP
  NAME "city" PROJECTION "init=epsg:25832" END
  EXTENT 560000 5350000 590000 5370000
  OUTPUTFORMAT
    NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json; subtype=geojson; charset=utf-8"
    FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=SIMPLE" FORMATOPTION "USE_FEATUREID=true"
    FORMATOPTION "LCO:COORDINATE_PRECISION=7"
  END
  WEB METADATA
    "ows_enable_request" "*" "ows_onlineresource" "%(url)s/wfs?" "ows_srs" "EPSG:25832 EPSG:4326"
    "ows_title" "City" "ows_fees" "none" "ows_accessconstraints" "Datenlizenz Deutschland Zero 2.0"
  END END
  LAYER
    NAME "trees" TYPE POINT STATUS ON
    CONNECTIONTYPE POSTGIS CONNECTION "%(connection)s"
    DATA "place FROM trees USING UNIQUE id USING SRID=25832"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "init=epsg:25832" END
    METADATA
      "ows_title" "Trees" "ows_extent" "569000 5358000 577000 5365000"
      "gml_include_items" "all" "gml_featureid" "id" "gml_types" "auto"
      "gml_planted_type" "date" "gml_checked_type" "dateTime" "wfs_getfeature_formatlist" "geojson,gml"
    END
    TEMPLATE "x.html"
  END
  LAYER
    NAME "benches" TYPE POINT STATUS ON
    CONNECTIONTYPE OGR CONNECTION "%(folder)s/benches.geojson" DATA "benches"
    PROJECTION "init=epsg:4326" END
    METADATA
      "ows_title" "Benches" "ows_extent" "9.9 48.3 10.1 48.5"
      "gml_include_items" "all" "gml_featureid" "number" "gml_types" "auto"
      "wfs_getfeature_formatlist" "gml"
    END
    TEMPLATE "x.html"
  END
END
"""


@contextlib.contextmanager
def running(folder: Path, common: Path) -> Iterator[dict[str, Any]]:
    """Start it, with a database of its own in the run's PostgreSQL."""
    with contextlib.ExitStack() as stack:
        facts = stack.enter_context(contextlib.contextmanager(shared)("postgres", common))
        database = stack.enter_context(postgres.Postgres(**facts).database(DATABASE))
        database.execute(trees.CREATE)
        (folder / "benches.geojson").write_bytes(msgspec.json.encode(trees.benches()))
        port = free_port()
        _configure(folder, port, database)
        socket, log = folder / "socket", folder / "server.log"
        command = [str(found("spawn-fcgi")), "-n", "-s", str(socket), "-M", "0666", "--", str(found("mapserv"))]
        environment = {"MAPSERVER_CONFIG_FILE": f"{folder}/mapserver.conf"}
        started = stack.enter_context(process(as_user(USER, command), log, cwd=folder, env=environment))
        until(socket.exists, started, log)
        behind = f"fastcgi_pass unix:{socket}; include /etc/nginx/fastcgi_params;"
        nginx = stack.enter_context(front.fronting(folder, USER, port, behind))
        yield {one: getattr(nginx, one) for one in nginx.__struct_fields__}


def _configure(folder: Path, port: int, database: postgres.Database) -> None:
    server = database.server
    connection = f"host=127.0.0.1 port={server.port} dbname={database.name} user=reader password={postgres.READER}"
    values = {"url": f"http://127.0.0.1:{port}", "folder": folder, "connection": connection}
    (folder / "city.map").write_text(_MAP % values)
    (folder / "mapserver.conf").write_text(f'CONFIG ENV MS_MAPFILE "{folder}/city.map" END END\n')


def required() -> None:
    """Skip where it is not installed."""
    postgres.required()
    front.required()
    need("mapserv", "cgi-mapserver")
    need("spawn-fcgi", "spawn-fcgi")

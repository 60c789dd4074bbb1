"""nginx in front of servers that keep no record of their own: on a free port, with every request in its log."""

from __future__ import annotations

import contextlib
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tests.servers.keeping import PATIENCE, as_user, found, listens, need, process, until

_CONFIGURATION: Final = """
daemon off; master_process off; pid %(folder)s/nginx.pid; error_log stderr;
events { worker_connections 512; }
http {
  log_format asked escape=json '{"method":"$request_method","target":"$request_uri","status":$status,'
                               '"bytes":$body_bytes_sent}';
  access_log %(folder)s/asked.log asked;
  client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
  large_client_header_buffers 8 64k;
  server { listen 127.0.0.1:%(port)d; location /mark/ { return 204; } location / { %(behind)s } }
}
"""


class Asked(Struct, frozen=True):
    """One request: its target as it was sent (path and query, still escaped), the answer's status, and how many bytes
    its body had."""

    method: str
    target: str
    status: int
    bytes: int


class Front(Struct, frozen=True):
    """A running nginx."""

    port: int
    log: str

    @property
    def url(self) -> str:
        """Where clients find it, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def position(self) -> int:
        """How many requests there have been until now."""
        return len(self._lines())

    def asked(self, since: int = 0) -> list[Asked]:
        """The requests after a `position`, in the order in which they were answered."""
        return [one for one in self._lines()[since:] if not one.target.startswith("/mark/")]

    def _lines(self) -> list[Asked]:
        mark = f"/mark/{time.monotonic_ns()}"
        with urllib.request.urlopen(self.url + mark) as answer:
            answer.read()
        last = time.monotonic() + PATIENCE
        while mark not in (written := Path(self.log).read_text(encoding="utf-8")):
            assert time.monotonic() < last, "the log stands still"
            time.sleep(0.005)
        return [msgspec.json.decode(line, type=Asked) for line in written.splitlines()]


@contextlib.contextmanager
def fronting(folder: Path, user: str, port: int, behind: str) -> Iterator[Front]:
    """nginx on this port; `behind` are the directives of its one location, to pass requests on."""
    place = folder / "nginx.conf"
    place.write_text(_CONFIGURATION % {"folder": folder, "port": port, "behind": behind})
    log = folder / "nginx.log"
    command = as_user(user, [str(found("nginx")), "-e", "stderr", "-p", str(folder), "-c", str(place)])
    with process(command, log, cwd=folder) as started:
        until(lambda: listens(port), started, log)
        yield Front(port, str(folder / "asked.log"))


def required() -> None:
    """Skip where it is not installed."""
    need("nginx", "nginx")

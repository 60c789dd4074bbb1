"""Real node processes on loopback, watched over as by systemd: whatever ends is started again.

What lives here: starting, killing, pausing, giving orders (`node`), asking the management API, looking into the store.
What does not: what nodes say to each other (`world`), what must hold in the end (`invariants`).
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from certs import did
from connector import founding
from connector.store.connection import connect
from connector.store.view import View
from scripts.lib.leash import leashed
from scripts.lib.ports import free_port
from tests.faults.node import EXECUTED, FULL, ORDER, REFUSED_WRITES

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds after which something that has to happen by itself counts as stuck."""
QUICK = {
    "ALLMENDE_OUTBOX__LONGEST_WAIT": "0.5",
    "ALLMENDE_AUDIT__EXCHANGE_SECONDS": "0.5",
    "ALLMENDE_LOG__LEVEL": "warning",
}
"""Settings with which waiting for a peer takes no longer than a test may."""


class AwayError(Exception):
    """Nobody answers: the process is dead, starting or stopped."""


class RefusedError(Exception):
    """The management API has refused; `code` says why."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class StuckError(AssertionError):
    """Something that had to happen by itself has not."""


def until(ready: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """What `ready` returns as soon as it is something true; a node that is away is asked again. Raises `StuckError`."""
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(AwayError):
            if found := ready():
                return found
        if time.monotonic() > end:
            raise StuckError(what)
        time.sleep(0.02)


class NodeProcess:
    """A node and the process that serves it. `deaths` are the exit statuses of the processes that have ended.

    `public_url` may be another's port than the node listens on: a relay's (`relay`). `settings` are the environment, of
    settings and of tools; `through` is a command that starts the command that follows it. `tree` is the source that is
    run, another than this one where versions meet. With `revive` a process that ended by itself with an error is
    started again, as one that was ended by a signal always is.
    """

    def __init__(
        self,
        directory: Path,
        *,
        relay: int | None = None,
        settings: Mapping[str, str] = QUICK,
        through: Sequence[str] = (),
        tree: Path = ROOT,
        revive: bool = False,
    ) -> None:
        self.directory, self.settings = directory, dict(settings)
        self.through, self.tree, self.revive = tuple(through), tree, revive
        self.port, self.management_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{relay or self.port}"
        self._initialise()
        self.did = did.of_url(self.url)
        self.deaths: list[int] = []
        self._token = (directory / "token").read_text().strip()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._wanted = False

    def _initialise(self) -> None:
        """A new node, made by the version that will serve it: an older one does not know a newer one's settings."""
        if self.tree == ROOT:
            founding.initialise(
                self.directory, self.url, public_port=self.port, management_port=self.management_port, lab=True
            )
            return
        program = "from connector.cli import main; main()"
        ports = ("--port", str(self.port), "--management-port", str(self.management_port))
        command = [
            sys.executable,
            "-c",
            program,
            "init",
            str(self.directory),
            "--public-url",
            self.url,
            "--lab",
            *ports,
        ]
        environment = {**os.environ, "PYTHONPATH": str(self.tree)}
        subprocess.run(command, cwd=self.tree, env=environment, check=True, capture_output=True, timeout=PATIENCE)

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve, and serve again whenever the process ends, until `close`."""
        self._wanted = True
        self._process = self._spawn()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        self.wait_ready()

    def close(self) -> None:
        """End for good, as an operator ends it."""
        self._wanted = False
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        if self._watcher is not None:
            self._watcher.join(timeout=PATIENCE)

    @property
    def pid(self) -> int:
        """The process that serves at the moment."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """kill -9, from outside."""
        assert self._process is not None
        self._process.kill()  # knows whether it has ended, so that no other process of that number is meant

    def wait_ready(self) -> None:
        """Until the management API answers."""

        def ready() -> bool:
            if self._watcher is not None and not self._watcher.is_alive():
                raise StuckError(f"{self.directory.name} has ended: {self.errors()[-2000:]}")
            return bool(self.call("GET", "/ready"))

        until(ready, f"{self.directory.name} does not start")

    def _watch(self) -> None:
        """A process that was ended by a signal is started again; of one that ended by itself `revive` decides."""
        while self._process is not None:
            self.deaths.append(self._process.wait())
            if not self._wanted or self.deaths[-1] == 0 or (self.deaths[-1] > 0 and not self.revive):
                return
            self._process = self._spawn()
            if not self._wanted:
                self._process.terminate()

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(self.tree), **self.settings}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a node that compiles at each start takes twice as long
        with (self.directory / "stderr").open("ab") as errors:
            return subprocess.Popen(
                leashed([*self.through, sys.executable, "-m", "tests.faults.node", str(self.directory)]),
                cwd=self.tree,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    # --- faults -------------------------------------------------------------------------------------------------------

    def order(self, point: str, sign: str = "SIGKILL") -> None:
        """From now on, at the next passage of this point, the process sends itself this signal, once."""
        (self.directory / EXECUTED).unlink(missing_ok=True)
        draft = self.directory / f"{ORDER}.new"
        draft.write_text(f"{point} {sign}")
        draft.rename(self.directory / ORDER)

    @contextlib.contextmanager
    def without_room(self, seconds: float) -> Iterator[None]:
        """Room on the disk again, some seconds after the order in force has taken it."""
        (self.directory / EXECUTED).unlink(missing_ok=True)
        (self.directory / REFUSED_WRITES).unlink(missing_ok=True)

        def make_room() -> None:
            until(self.executed, "never full")
            with contextlib.suppress(StuckError):  # after the last message of a story nothing may be left to be written
                until(lambda: (self.directory / REFUSED_WRITES).exists(), "", patience=2 * seconds)
            time.sleep(seconds)
            (self.directory / FULL).unlink()

        maker = threading.Thread(target=make_room, daemon=True)
        maker.start()
        try:
            yield
        finally:
            maker.join()

    def executed(self) -> bool:
        """Has the process come to the point of the last order?"""
        return (self.directory / EXECUTED).exists()

    def withdraw(self) -> None:
        """Take back an order that was not executed."""
        (self.directory / ORDER).unlink(missing_ok=True)

    @contextlib.contextmanager
    def paused(self, seconds: float) -> Iterator[None]:
        """SIGCONT some seconds after the order in force has stopped the process."""
        pid = self.pid
        (self.directory / EXECUTED).unlink(missing_ok=True)

        def wake() -> None:
            until(lambda: self.executed() and _is_stopped(pid), "never stopped")
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)

        waker = threading.Thread(target=wake, daemon=True)
        waker.start()
        try:
            yield
        finally:
            waker.join()

    def errors(self) -> str:
        """What the processes have said on standard error."""
        return (self.directory / "stderr").read_text()

    # --- the management API -------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, *, timeout: float = 5.0, **query: str) -> Any:
        """One request of the operator. Raises `AwayError`, `RefusedError`."""
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.management_port, timeout=timeout)
        try:
            connection.request(method, target, None if body is None else msgspec.json.encode(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise AwayError(str(error)) from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise RefusedError(answer.status, str(msgspec.json.decode(content).get("code", "")))
        return msgspec.json.decode(content) if answer.headers.get_content_type() == "application/json" else content

    def listed(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self.call("GET", path, after=after)
            items += page["items"]
            after = page["next"]
        return items

    # --- the store ----------------------------------------------------------------------------------------------------

    def look(self, act: Callable[[View], T]) -> T:
        """Read the store beside the running process. Only while it runs: the last to close it tidies up after it."""
        connection = connect(str(self.directory / "state.db"))
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA busy_timeout=5000")
            connection.execute("BEGIN")
            try:
                return act(View(connection))
            finally:
                connection.execute("ROLLBACK")
        finally:
            connection.close()


def _is_stopped(pid: int) -> bool:
    """Is the process stopped by a signal (proc(5), third field of stat)?"""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"

"""Real node processes on loopback: start, pause, kill at a named point, start again.

What lives here: one node as a process of its own with its management API at hand. What does not: faults on the wire
(`proxy`), simulated time (`network`). The child (`python -m tests.harness.process DIR`) is the product plus a fault
that listens: each line on its standard input arms one, `kill POINT N` or `stop POINT N`, at the N-th hit from then on.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from connector import config, node
from tests.harness.scripted import free_port

T = TypeVar("T")
READY_SECONDS = 20.0
POLL_SECONDS = 0.02
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class RefusedError(Exception):
    """The management API answered with an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class NodeProcess:
    """A node that lives in a directory and runs as a process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.name = directory.name
        self.url = f"http://127.0.0.1:{free_port()}"
        self._port = free_port()
        public = int(self.url.rsplit(":", 1)[1])
        self.did = node.initialise(directory, self.url, public_port=public, management_port=self._port, lab=True).did
        self._token = (directory / "token").read_text().strip()
        self._process: subprocess.Popen[bytes] | None = None

    # --- life ---------------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it is ready."""
        with (self.directory / "log").open("ab") as log:
            command = [sys.executable, "-m", "tests.harness.process", str(self.directory)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log, stdout=log)
        if not until(self._is_ready, READY_SECONDS):
            raise RuntimeError((self.directory / "log").read_text()[-4000:])

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text()[-4000:])
        try:
            self.ask("GET", "/ready")
        except (OSError, http.client.HTTPException, RefusedError):
            return False
        return True

    def arm(self, act: str, point: str, hit: int = 1) -> None:
        """`kill` or `stop` it at the `hit`-th time that it comes to a point from now on."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{act} {point} {hit}\n".encode())
        self._process.stdin.flush()
        until(lambda: f"armed {point} {hit}\n" in (self.directory / "log").read_text(), 5)

    def alive(self) -> bool:
        """False once the process has ended."""
        return self._process is not None and self._process.poll() is None

    def died(self, seconds: float) -> bool:
        """True where it is killed within this time."""
        assert self._process is not None
        try:
            return self._process.wait(seconds) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def signal(self, what: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT."""
        os.kill(self.pid, what)

    def close(self) -> int:
        """Ask it to end; its exit status."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        try:
            status = self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        return status

    # --- management API -----------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, timeout: float = 20) -> Any:
        """What the management API answers. Raises `RefusedError`, `OSError`, `http.client.HTTPException`."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            text = None if body is None else msgspec.json.encode(body)
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RefusedError(answer.status, str(msgspec.json.decode(found).get("code")))
        return msgspec.json.decode(found) if found else None

    def pin(self, other: NodeProcess) -> None:
        """Pin the other node's keys under its name."""
        self.ask("POST", "/v1/peers", {"url": other.url, "name": other.name, "private": True})

    def share(self, name: str, path: Path, outside: str = "counter") -> str:
        """Publish a file for planning purposes; the dataset's id."""
        asset = self.ask("POST", "/v1/assets", {"name": name, "kind": "file", "settings": {"path": str(path)}})
        self.ask("POST", "/v1/policies", {"name": name, "terms": {"purposes": ["https://example.org/planning"]}})
        self.ask("POST", "/v1/offers", {"asset": name, "policy": name, "outside": outside})
        return str(asset["id"])

    def state(self, kind: str, pid: str) -> str:
        """Where a negotiation or transfer stands, with an asterisk while something is under way."""
        found = self.ask("GET", f"/v1/{kind}/{pid}")
        return str(found["state"]) + ("*" if found["pending"] else "")


def until(ready: Callable[[], bool], seconds: float) -> bool:
    """True as soon as `ready` holds; False where it does not within this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(POLL_SECONDS)
    return ready()


# --- the child --------------------------------------------------------------------------------------------------------


class Armed:
    """The fault of the child: points at which it sends itself a signal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[str, tuple[int, signal.Signals]] = {}

    def __call__(self, point: str) -> None:
        """Called by the product at every named point."""
        with self._lock:
            left, what = self._points.get(point, (0, signal.SIGKILL))
            if left == 0:
                return
            self._points[point] = (left - 1, what)
        if left == 1:
            os.kill(os.getpid(), what)

    def listen(self) -> None:
        """Arm what standard input names, line by line."""
        for line in sys.stdin:
            act, point, hit = line.split()
            with self._lock:
                self._points[point] = (int(hit), SIGNALS[act])
            print(f"armed {point} {hit}", flush=True)


def main() -> None:
    """Run the node of a directory."""
    armed = Armed()
    threading.Thread(target=armed.listen, daemon=True).start()
    node.run(config.load(Path(sys.argv[1]), {}), fault=armed)


if __name__ == "__main__":
    main()

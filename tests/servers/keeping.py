"""One server for a whole run of tests: shared between workers, ended when the last is done, however that ends.

Each worker holds a shared lock on a file for as long as it lives; a keeper (this module as a program) starts the
server, writes down where it is and waits for the exclusive lock, which the kernel gives it when no worker is left, also
where they were killed. The server itself is told by the kernel when its keeper is gone (`setpriv --pdeathsig`).
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final

import msgspec
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 120.0
"""Seconds that a server may take until it answers."""
Running = Callable[[Path, Path], AbstractContextManager[dict[str, Any]]]
"""What each server's module has as `running`: starts it in an empty folder that is its USER's and gives what a test has
to know, as JSON; ends it when left. The other folder is for `shared`: a server may stand on another one."""


def need(program: str, package: str) -> None:
    """Skip where a program is missing, with the Debian package that has it."""
    if found(program) is None:
        pytest.skip(f"{program} is not installed (apt-get install {package})")


def found(program: str) -> str | None:
    """Where a program is, also those of an administrator."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def as_user(user: str, command: Sequence[str], ending: str = "TERM") -> list[str]:
    """The command as a user without rights (where we are root, which servers refuse), on a leash: the kernel sends it
    the signal `ending` when the thread that started it is gone."""
    if shutil.which("setpriv") is None:
        return list(command)
    leash = ["setpriv", "--pdeathsig", ending]
    if os.geteuid() == 0:
        entry = account(user)
        leash += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    return [*leash, "--", *command]


def account(user: str) -> pwd.struct_passwd:
    """A server's own user, `nobody` where its package has made none."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(user)
    return pwd.getpwnam("nobody")


@contextlib.contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """A temporary folder that belongs to this user; pytest's own are closed to all others."""
    made = Path(tempfile.mkdtemp(prefix=f"allmende-{user}-"))
    if os.geteuid() == 0:
        os.chown(made, account(user).pw_uid, account(user).pw_gid)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def process(
    command: Sequence[str], log: Path, ending: int = signal.SIGTERM, **more: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A running process whose output goes to a log; ended, and killed where it does not end."""
    with log.open("ab") as output:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **more)
    try:
        yield started
    finally:
        end(started, ending)


def end(started: subprocess.Popen[bytes], ending: int = signal.SIGTERM) -> None:
    """End a process and wait until it is gone."""
    if started.poll() is None:
        started.send_signal(ending)
    try:
        started.wait(timeout=20)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def until(ready: Callable[[], bool], started: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers. Raises with its log where it has ended or never does."""
    last = time.monotonic() + PATIENCE
    while not ready():
        if started.poll() is not None or time.monotonic() > last:
            raise RuntimeError(f"{started.args!r} does not answer:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.02)


def python(module: str) -> Path:
    """The interpreter of the servers that are Python (`scripts/lib/servers.sh` makes it); skip where it is missing."""
    made = ROOT / ".servers" / "bin" / "python"
    if (
        not made.exists()
        or subprocess.run([made, "-c", f"import {module}"], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"{module} is not installed (. scripts/lib/servers.sh; ensure_servers)")
    return made


def listens(port: int) -> bool:
    """Does anybody listen there?"""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def shared(name: str, common: Path) -> Iterator[dict[str, Any]]:
    """What the server of this name has told; started where it does not run yet. `common` is a folder that all workers
    of this run have; the lock is held until the generator is closed."""
    common.mkdir(parents=True, exist_ok=True)
    with (common / f"{name}.users").open("ab") as users, (common / f"{name}.start").open("ab") as start:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(start, fcntl.LOCK_EX)
        try:
            facts = _started(name, common)
        finally:
            fcntl.flock(start, fcntl.LOCK_UN)
        yield facts


def _started(name: str, common: Path) -> dict[str, Any]:
    told, log = common / f"{name}.json", common / f"{name}.log"
    if not told.exists():
        with log.open("ab") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.keeping", name, str(common)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until(told.exists, keeper, log)
    facts: dict[str, Any] = msgspec.json.decode(told.read_bytes())
    return facts


def _keep(name: str, common: Path) -> None:
    """The keeper: the server runs until no worker is left."""
    server = importlib.import_module(f"tests.servers.{name}")
    running: Running = server.running
    told = common / f"{name}.json"
    with (
        (common / f"{name}.users").open("ab") as users,
        folder_of(server.USER) as folder,
        running(folder, common) as facts,
    ):
        _tell(told, facts)
        try:
            _wait(users)
        finally:
            told.unlink(missing_ok=True)


def _tell(told: Path, facts: dict[str, Any]) -> None:
    """Written whole or not at all."""
    draft = told.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(facts))
    draft.rename(told)


def _wait(users: IO[bytes]) -> None:
    # INVARIANT: the lock is held until the server is gone, so whoever comes meanwhile waits and then starts another.
    fcntl.flock(users, fcntl.LOCK_EX)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    _keep(sys.argv[1], Path(sys.argv[2]))

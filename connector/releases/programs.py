"""Programs that an update starts: the new release, to see that it works here and to bring the state up to date; the old
one, to tell it that its state is an older one.

What lives here: how they are called and what their failure means. What does not: when (`updating`, `state`).
"""

from __future__ import annotations

import http.client
import os
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Protocol

from connector.releases.errors import ReleaseError
from connector.releases.release import Places, Release

PATIENCE = 120.0
MIGRATION = 3600.0
"""Seconds for bringing a large state up to date."""


class Programs(Protocol):
    """What an update asks of releases. Each raises `ReleaseError` where it fails."""

    def check(self, release: str) -> None:
        """Does this release work on this machine at all?"""

    def migrate(self, release: str) -> None:
        """Bring the state up to date with this release, without speaking with anybody."""

    def declare(self, release: str) -> None:
        """Tell this release that its state is an older one than it was."""

    def ready(self) -> None:
        """Returns when the service that was just started says that it can work."""


class SystemPrograms:
    """The real ones. In an image of another system none can be started: then only `ready` is asked, later."""

    def __init__(self, places: Places, release: Release) -> None:
        self._places, self._release = places, release

    def check(self, release: str) -> None:
        if self._places.root != Path("/"):
            return
        self._run(release, "-c", f"import {self._release.module}", user="", seconds=PATIENCE)

    def migrate(self, release: str) -> None:
        directory = str(Path(self._release.state).parent)
        self._run(release, "-m", self._release.migrate, directory, user=self._release.user, seconds=MIGRATION)

    def declare(self, release: str) -> None:
        directory = str(Path(self._release.state).parent)
        asked = (str(self._places.of(release) / "bin/allmende"), "restore", "--here", directory)
        self._run(release, *asked, user=self._release.user, seconds=MIGRATION)

    def ready(self) -> None:
        """A program without such an address is started by a service manager that it tells itself (sd_notify)."""
        if not self._release.settings:
            return
        host, port = _management(self._places.below(self._release.settings))
        end = time.monotonic() + PATIENCE
        while not _answers(host, port):
            if time.monotonic() > end or _has_ended():
                raise ReleaseError(f"the node does not say at {host}:{port} that it is ready")
            time.sleep(0.5)

    def _run(self, release: str, *arguments: str, user: str, seconds: float) -> None:
        program = [str(self._places.of(release) / "bin/python"), "-I", *arguments]
        who = {"user": user, "group": user, "extra_groups": []} if user else {}
        try:
            done = subprocess.run(  # noqa: S603
                program,
                check=False,
                capture_output=True,
                text=True,
                timeout=seconds,
                cwd="/",
                **who,  # type: ignore[call-overload]
            )
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            raise ReleaseError(f"{release}: {error}") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise ReleaseError(f"{release}: {last}")


def _has_ended() -> bool:
    """Has the service ended by itself meanwhile? Its manager tells its process (systemd.exec(5), `$MAINPID`)."""
    process = os.environ.get("MAINPID", "")
    return bool(process) and not Path("/proc", process).exists()


def _management(settings: Path) -> tuple[str, int]:
    """Where the node's operators ask it: what the environment of the service says, else the file. Raises
    `ReleaseError`."""
    try:
        found = tomllib.loads(settings.read_text("utf-8")).get("management", {})
        host = os.environ.get("ALLMENDE_MANAGEMENT__HOST") or found.get("host", "127.0.0.1")
        return str(host), int(os.environ.get("ALLMENDE_MANAGEMENT__PORT") or found.get("port", 8181))
    except (OSError, ValueError, AttributeError, TypeError):
        raise ReleaseError(f"{settings}: it does not say where the node is asked") from None


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

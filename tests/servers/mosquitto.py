"""Mosquitto: a broker with passwords and a memory of its own, for one test; it starts in milliseconds.

Accounts: `city` (password `CITY`) and `reader` (password `READER`); nobody else is let in.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Final

from tests.servers.keeping import account, as_user, end, found, free_port, listens, need, until

USER: Final = "mosquitto"
CITY: Final = "city-secret"
READER: Final = "reader-secret"


class Mosquitto:
    """A broker on one port, which stays the same when it is started again."""

    host: Final = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "broker.log"
        """What it was told by whom, a line each."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        passwords = folder / "passwords"
        passwords.write_text(f"city:{CITY}\nreader:{READER}\n")
        subprocess.run([str(found("mosquitto_passwd")), "-U", str(passwords)], check=True)
        if os.geteuid() == 0:
            os.chown(passwords, account(USER).pw_uid, account(USER).pw_gid)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n"
            f"log_dest stderr\nlog_type all\nconnection_messages true\n"
        )

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"mqtt://{self.host}:{self.port}"

    def start(self) -> None:
        """Start it, again where it was ended: sessions, queued and retained messages are as they were."""
        command = as_user(USER, [str(found("mosquitto")), "-c", str(self._folder / "mosquitto.conf")])
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._folder
            )
        until(lambda: listens(self.port), self._process, self.log)

    def stop(self) -> None:
        """End it in order; what it remembers is written first."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def save(self) -> None:
        """Have it write down what it remembers; returns when it has."""
        if self._process is not None:
            before = self._saved()
            self._process.send_signal(signal.SIGUSR1)
            until(lambda: self._saved() != before, self._process, self.log)

    def _saved(self) -> int:
        """Which file it is: it writes a new one and renames it."""
        file = self._folder / "mosquitto.db"
        return file.stat().st_mtime_ns if file.exists() else 0

    def kill(self) -> None:
        """End it as a power cut would: what came within the last moments may be lost, although it was acknowledged."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def publish(self, topic: str, payload: str, *, qos: int = 1, retain: bool = False) -> None:
        """Say something as `city`, acknowledged when this returns."""
        command = [str(found("mosquitto_pub")), "-h", self.host, "-p", str(self.port), "-u", "city", "-P", CITY]
        command += ["-q", str(qos), "-t", topic, "-m", payload, *(["-r"] if retain else [])]
        subprocess.run(command, check=True, capture_output=True)


def required() -> None:
    """Skip where it is not installed."""
    need("mosquitto_passwd", "mosquitto")
    need("mosquitto_pub", "mosquitto-clients")

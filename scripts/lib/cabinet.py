"""A cabinet by the road, for the demo: a device with its own process, and sensors that report to it.

What lives here: the device's directory and process, and made-up readings from a fixed seed. What does not: the story.
Where mosquitto is installed, sensors report by uplinks of LoRaWAN to a real broker; else over HTTP.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lib.leash import leashed
from lib.ports import free_port
from lib.stage import Screen, StageError

SEED = 20261121
SENSORS = 5
READY_SECONDS = 20.0
SETTINGS = """
[series.air.fields]
pm25 = {{ unit = "ug/m3", places = 1, min = 0, max = 1000 }}
temperature = {{ unit = "Cel", places = 1, min = -40, max = 60 }}

[sources.sensors]
series = "air"
{source}
"""
MQTT = """kind = "mqtt"
with = {{ host = "127.0.0.1", port = {port}, topics = ["v3/{{app}}/devices/{{device}}/up"], format = "ttn" }}"""
HTTP = """kind = "http"
with = {{ listen = "127.0.0.1:{port}" }}"""


class Cabinet:
    """One device. `broker` says whether a real one stands beside it."""

    def __init__(self, directory: Path, screen: Screen) -> None:
        self.directory, self._screen = directory, screen
        self.port = free_port()
        self.broker: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._log = directory.parent / "cabinet.log"
        self._draw, self._said = random.Random(SEED), 0
        self.reported: list[dict[str, Any]] = []
        """What the sensors have said."""

    def settle(self) -> None:
        """Write the settings, and start the broker where there is one."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if shutil.which("mosquitto_pub") is None:
            program = None
        source = (MQTT if program else HTTP).format(port=self.port)
        (self.directory / "edge.toml").write_text(SETTINGS.format(source=source))
        if program is None:
            return
        settings = self.directory.parent / "broker.conf"
        settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.broker = self._started([program, "-c", str(settings)])

    def start(self) -> None:
        """Start the agent and wait until it takes readings. Raises `StageError`."""
        self.process = self._started(
            [str(Path(sys.executable).with_name("allmende")), "edge", "run", str(self.directory)]
        )
        deadline, sessions = time.monotonic() + READY_SECONDS, self._sessions()
        while not (self.directory / "agent.sock").exists() or (self.broker and self._sessions() == sessions):
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace").splitlines()[-5:]
                raise StageError("The cabinet did not start:\n" + "\n".join(tail))
            time.sleep(0.03)

    def _sessions(self) -> int:
        """How often the agent has come to the broker: sensors that speak before it has asked are heard by nobody."""
        return self._log.read_bytes().count(b" as allmende-") if self._log.exists() else 0

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                leashed(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        (self.directory / "agent.sock").unlink(missing_ok=True)

    def stop(self) -> None:
        """End device and broker."""
        for one in (self.process, self.broker):
            if one is not None and one.poll() is None:
                one.terminate()
                try:
                    one.wait(5)
                except subprocess.TimeoutExpired:
                    one.kill()

    def report(self, rounds: int) -> None:
        """So many rounds of all sensors."""
        for _ in range(rounds):
            for sensor in range(SENSORS):
                self._say(sensor)
            self._said += 1

    def _say(self, sensor: int) -> None:
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=5 * self._said, seconds=sensor)
        said = {
            "thing": f"air-{sensor}",
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "pm25": round(self._draw.uniform(3, 30), 1),
            "temperature": round(self._draw.uniform(-2, 12), 1),
        }
        self.reported.append(said)
        if self.broker is None:
            self._post(said)
        else:
            self._publish(said)

    def _post(self, said: dict[str, Any]) -> None:
        url, body = f"http://127.0.0.1:{self.port}/readings", json.dumps([said]).encode()
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=10):
            return

    def _publish(self, said: dict[str, Any]) -> None:
        """As The Things Stack would: an uplink with its payload decoded, at least once."""
        topic = f"v3/demo@ttn/devices/{said['thing']}/up"
        uplink = {
            "end_device_ids": {"device_id": said["thing"], "application_ids": {"application_id": "demo"}},
            "received_at": said["at"],
            "uplink_message": {
                "session_key_id": f"AYfg8rhhrqfd{said['thing']}",
                "f_cnt": self._said + 1,
                "received_at": said["at"],
                "decoded_payload": {"pm25": said["pm25"], "temperature": said["temperature"]},
            },
        }
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-q", "1", "-t", topic]
        subprocess.run([*command, "-m", json.dumps(uplink)], check=True, capture_output=True)

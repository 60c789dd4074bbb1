"""A broker with a bridge, as cabinets have it today: mosquitto beside the sensors, mosquitto in the city.

What lives here: the two brokers as they are set up by their manual, a line between them that counts and can be cut,
and what a reader in the city gets. What does not: what is concluded (`peers`).
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.keeping import account, as_user, end, found, free_port, listens, until

_PIECE: Final = 1 << 16
_GROUP, _PACE = 50, 1000


class Line:
    """A port of loopback behind which another one is: bytes in both directions are counted, and it can be cut."""

    def __init__(self, target: int) -> None:
        self.bytes = 0
        self._target, self._whole = target, True
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing goes through from now on, and what is open ends."""
        self._whole = False
        for one in self._open:
            one.close()
        self._open.clear()

    def mend(self) -> None:
        """Everything goes through again."""
        self._whole = True

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(_PIECE):
                self.bytes += len(data)
                other.sendall(data)
        except OSError:
            pass
        finally:
            one.close()
            other.close()


class Broker:
    """One mosquitto; what is not said here is as its manual says."""

    def __init__(self, folder: Path, more: str = "") -> None:
        folder.mkdir(parents=True)
        self.port, self._folder = free_port(), folder
        self.log = folder / "log"
        if os.geteuid() == 0:
            os.chown(folder, account("mosquitto").pw_uid, account("mosquitto").pw_gid)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\n{more}"
        )

    def start(self) -> None:
        """Start it."""
        command = as_user("mosquitto", [str(found("mosquitto")), "-c", str(self._folder / "mosquitto.conf")])
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        until(lambda: listens(self.port), self._process, self.log)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it in order."""
        end(self._process)

    def memory(self) -> float:
        """MiB that it holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def publish(port: int, payloads: list[bytes]) -> None:
    """Say each, one message a reading, about a thousand a second: mosquitto forgets what waits for a reader beyond a
    thousand messages. Returns when the broker has acknowledged all of them."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for at in range(0, len(payloads), _GROUP):
        for said in [client.publish("readings", payload, qos=1) for payload in payloads[at : at + _GROUP]]:
            said.wait_for_publish()
        time.sleep(_GROUP / _PACE)
    client.disconnect()
    client.loop_stop()


class Bridged:
    """Sensors' broker, line, city's broker, and a reader there."""

    def __init__(self, folder: Path) -> None:
        self.city = Broker(folder / "city")
        self.city.start()
        self.line = Line(self.city.port)
        bridge = f"connection city\naddress 127.0.0.1:{self.line.port}\ntopic # out 1\ncleansession false\n"
        self.cabinet = Broker(folder / "cabinet", f"{bridge}restart_timeout 1\n")
        self.cabinet.start()
        self.got: set[bytes] = set()
        self.copies = 0
        self._reader = paho.Client(CallbackAPIVersion.VERSION2, client_id="reader", clean_session=False)
        self._reader.on_message = self._read
        self._reader.connect("127.0.0.1", self.city.port)
        self._reader.subscribe("#", qos=1)
        self._reader.loop_start()

    def _read(self, client: object, userdata: object, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.copies += payload in self.got
        self.got.add(payload)

    def settled(self, count: int, seconds: float) -> int:
        """How many have come, as soon as it is `count` or nothing has come for so long."""
        before, at = -1, time.monotonic()
        while len(self.got) < count and time.monotonic() - at < seconds:
            if len(self.got) != before:
                before, at = len(self.got), time.monotonic()
            time.sleep(0.1)
        return len(self.got)

    def close(self) -> None:
        """End all of it."""
        self._reader.disconnect()
        self._reader.loop_stop()
        self.cabinet.stop()
        self.city.stop()

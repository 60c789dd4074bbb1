"""F35 and a bridge between two brokers under a contract: nodes and brokers die in between, and no row is lost.

The city's broker is a silo of the city's node; the utility's node subscribes under a contract and puts what comes into
its own broker and into files. Files hold each row once; a broker may get the last ones again.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes import until
from tests.faults.world import World
from tests.harness import frames
from tests.servers import keeping, mosquitto
from tests.servers.mosquitto import CITY, READER, Mosquitto

TOPICS = "sensors/{district}/{device}"
FIELDS = ("district", "device", "received", "n")
pytestmark = pytest.mark.process


class Bridge:
    """Two nodes, two brokers, a contract about the first one's messages."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        mosquitto.required()
        self.here, self.there = (self._broker(stack) for _ in range(2))
        self.folder = folder
        self.world = World(folder / "nodes")
        stack.callback(self.world.close)
        self.world.start()
        for name, secret in (("reader", READER), ("city", CITY)):
            (folder / name).write_text(secret)
            (folder / name).chmod(0o600)
        self._share()
        self.contract = self.world.contract("air")
        self.heard: list[Any] = []

    @staticmethod
    def _broker(stack: ExitStack) -> Mosquitto:
        broker = Mosquitto(stack.enter_context(keeping.folder_of(mosquitto.USER)))
        broker.start()
        stack.callback(broker.stop)
        return broker

    def _share(self) -> None:
        city = self.world.provider
        settings = {
            "host": self.here.host, "port": str(self.here.port), "user": "reader",
            "password_file": str(self.folder / "reader"), "topics": TOPICS, "fields": "n:number=/n",
        }  # fmt: skip
        city.call("POST", "/v1/sources", {"name": "sensors", "kind": "mqtt", "settings": settings})
        asset = {"silo": "sensors", "collection": TOPICS, "fields": list(FIELDS)}
        made = city.call("POST", "/v1/assets", {"name": "air", "kind": "mqtt", "title": "Air", "settings": asset})
        self.world.datasets["air"] = made["id"]
        city.call("POST", "/v1/policies", {"name": "air", "terms": {}})
        city.call("POST", "/v1/offers", {"asset": "air", "policy": "air", "approval": {"frame": frames.NAME}})

    def subscribe(self, into: str, **settings: str) -> str:
        """A subscription that has begun to listen; its id."""
        body = {"contract": self.contract, "into": into, "settings": settings}
        made = self.world.consumer.call("POST", "/v1/subscriptions", body)
        until(lambda: self.standing(made["id"])["moved"] is not None or self.marked(made["id"]), "no stream")
        return str(made["id"])

    def marked(self, id: str) -> bool:
        """Does it know a watermark?"""
        from connector.records import Subscription

        found = self.world.consumer.look(lambda view: view.get(Subscription, id))
        return found is not None and bool(found.watermark)

    def standing(self, id: str) -> Any:
        return self.world.consumer.call("GET", f"/v1/subscriptions/{id}")

    def say(self, first: int, last: int) -> None:
        """Messages with these numbers, acknowledged."""
        lines = "".join(f'{{"n":{n}}}\n' for n in range(first, last + 1))
        command = ["mosquitto_pub", "-h", self.here.host, "-p", str(self.here.port), "-u", "city", "-P", CITY]
        subprocess.run([*command, "-q", "1", "-t", "sensors/7/a", "-l"], input=lines.encode(), check=True)

    def filed(self) -> list[int]:
        """What stands in the files, in its order."""
        found = sorted((self.folder / "rows").glob("*.ndjson"))
        return [json.loads(line)["n"] for file in found for line in file.read_text().splitlines()]

    def listen(self) -> subprocess.Popen[bytes]:
        """Hear what arrives at the other broker."""
        command = ["mosquitto_sub", "-h", self.there.host, "-p", str(self.there.port), "-u", "reader", "-P", READER]
        process = subprocess.Popen([*command, "-q", "1", "-t", "city/#", "-i", "ear", "-c"], stdout=subprocess.PIPE)
        assert process.stdout is not None
        lines = process.stdout

        def hear() -> None:
            for line in lines:
                self.heard.append(json.loads(line)["n"])

        threading.Thread(target=hear, daemon=True).start()
        return process


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with ExitStack() as stack:
        yield Bridge(tmp_path, stack)


def test_a_bridge_over_dying_nodes_and_brokers(bridge: Bridge) -> None:
    files = bridge.subscribe(f"files:{bridge.folder / 'rows'}")
    bridge.subscribe(
        f"mqtt://127.0.0.1:{bridge.there.port}/city/{{district}}", user="city",
        password_file=str(bridge.folder / "city"),
    )  # fmt: skip
    ear = bridge.listen()
    try:
        n = 0

        def more(count: int = 20) -> None:
            nonlocal n
            bridge.say(n + 1, n + count)
            n += count

        more()
        until(lambda: bridge.filed() == list(range(1, n + 1)), "the first rows")
        # The consumer dies between what the sink has and what its record says.
        bridge.world.consumer.order("subscription.put")
        more()
        until(lambda: len(bridge.world.consumer.deaths) >= 1, "the order was not carried out")
        bridge.world.consumer.wait_ready()
        more()
        bridge.world.provider.kill()
        more()
        bridge.world.provider.wait_ready()
        more()
        bridge.here.stop()
        time.sleep(0.2)
        bridge.here.start()
        more()
        until(lambda: len(bridge.filed()) >= n, "all rows", patience=90)
        assert bridge.filed() == list(range(1, n + 1))
        until(lambda: set(bridge.heard) >= set(range(1, n + 1)), "all messages", patience=90)
        one = until(lambda: (found := bridge.standing(files))["rows"] >= n - 40 and found, "the record")
        assert one["gaps"] == 0
    finally:
        ear.terminate()
        ear.wait()

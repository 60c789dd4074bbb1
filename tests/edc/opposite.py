"""The node under test opposite an EDC: the product in a process of its own, speaking EDC's mock identity.

What lives here: the mock identity (never part of the product), pinning an EDC that has no DID document, the process
(`python -m tests.edc.opposite DIR PORT [RECORDINGS]`) and its handle. What does not: what is tried (`scenarios`).
Everything an operator does goes through the management API with the command line's own client.

Mock identity (EDC's `iam-mock`): the Authorization header is a JSON object without a scheme, with `region`, `audience`
and `clientId`; whoever names itself is believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import uvloop
from msgspec import Struct

from connector import config, founding, hosting, node, telemetry
from connector.cli.remote import Remote
from connector.errors import UnauthenticatedError
from connector.node import Node
from connector.ports import Caller
from connector.records import Participant
from scripts.lib.ports import free_port
from tests.edc.recording import RecordingPeer, listening
from tests.edc.runtime import Edc

FOREVER = 1 << 52
"""A mock token never ends here, in microseconds UTC."""


class MockToken(Struct, frozen=True):
    """What EDC's mock puts into the header."""

    region: str
    audience: str
    clientId: str


class MockIdentity:
    """The Identity port as EDC's mock does it: whoever calls is who it says it is. Each call counts as a token."""

    def __init__(self, own: str) -> None:
        self._own, self._calls = own, itertools.count()

    async def token(self, audience: str, *, owed: bool = False) -> str:
        """Ourselves, without a scheme."""
        return msgspec.json.encode(MockToken("eu", audience, self._own)).decode()

    async def verify(self, authorization: str | None) -> Caller:
        """Raises `UnauthenticatedError` where the header is no such object."""
        try:
            said = msgspec.json.decode(authorization or "", type=MockToken)
        except msgspec.DecodeError:
            raise UnauthenticatedError("token.missing") from None
        return Caller(said.clientId, f"call-{next(self._calls)}", FOREVER)


class Pin(Struct, frozen=True):
    """A peer to be pinned without looking at it: it has no DID document."""

    id: str
    name: str
    url: str
    base: str


class Up(Struct, frozen=True):
    """Where the node is, and its first operator's credential."""

    did: str
    url: str
    management: str
    token: str


class Ours:
    """The node under test as its operator sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        up = msgspec.json.decode(self._line(), type=Up)
        self.id, self.base = up.did, f"{up.url}/dsp/2025-1"
        self.remote = Remote(up.management, up.token)

    def pin(self, edc: Edc, name: str) -> None:
        """Have this EDC for a peer."""
        self.pin_at(edc.id, name, edc.root, edc.base)

    def pin_at(self, id: str, name: str, url: str, base: str) -> None:
        """Have a participant for a peer."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(Pin(id, name, url, base)).decode() + "\n")
        self._process.stdin.flush()
        self._line()

    def rss(self) -> float:
        """Resident memory in MiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the node under test has ended")
        return line


@contextlib.contextmanager
def started(directory: Path, recordings: Path | None = None) -> Iterator[Ours]:
    """A node in a process of its own; its log goes to `node.log` in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.edc.opposite", str(directory / "node"), str(free_port())]
    if recordings is not None:
        command.append(str(recordings))
    with (
        (directory / "node.log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            yield Ours(process)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {(directory / 'node.log').read_text()[-2000:]}") from error
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


# --- the process ------------------------------------------------------------------------------------------------------


async def serve(directory: Path, port: int, recordings: Path | None) -> None:
    """Serve until standard input ends; each line pins a peer."""
    url = f"http://127.0.0.1:{port}"
    made = founding.initialise(directory, url, public_port=port, management_port=0, lab=True)
    settings = config.load(directory, {})
    peer = None if recordings is None else RecordingPeer(recordings)
    own = node.build(settings, identity=MockIdentity(made.did), peer=peer)
    if recordings is not None:
        listening(own, recordings)
    await own.start()
    hosting.settle()
    management = f"http://127.0.0.1:{own.management_listener.port}"
    token = (directory / "token").read_text().strip()
    print(msgspec.json.encode(Up(made.did, url, management, token)).decode(), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await _pin(own, msgspec.json.decode(line, type=Pin))
        print("pinned", flush=True)
    await own.close()
    if peer is not None:
        await peer.close()


async def _pin(own: Node, pin: Pin) -> None:
    participant = Participant(
        id=pin.id,
        name=pin.name,
        url=pin.url,
        base=pin.base,
        keys={},
        words="",
        added=own.clock.now(),
        added_by="test",
        private=True,
    )
    await own.store.write(lambda tx: tx.put(participant))
    own.outbox.forget()


if __name__ == "__main__":
    telemetry.configure_logs(sys.stderr, "info", "text")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        where = Path(sys.argv[3]) if len(sys.argv) > 3 else None
        runner.run(serve(Path(sys.argv[1]), int(sys.argv[2]), where))

"""Two neighbours as real processes, and an operator who drives them through everything that may happen to a node.

What lives here: who shares what, a negotiation, a transfer with all its moves, an access; each started again by hand
where the operator's own command was lost, and never helped in any other way. What does not: processes (`processes`),
faults (the tests), what must hold (`invariants`).
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from certs import keys
from connector.records import Endpoint
from tests.faults.processes import QUICK, ROOT, AwayError, NodeProcess, RefusedError, until
from tests.harness import frames

NEGOTIATIONS = "/v1/negotiations"
TRANSFERS = "/v1/transfers"
CONTENT = b"counter,bicycles\n1,17\n"
LATER = (502, 503)
"""What an operator who is told so does again: the peer is not there to be asked, the node cannot write just now."""
ENDED = ("FINALIZED", "COMPLETED", "TERMINATED")


class Grant(msgspec.Struct, frozen=True):
    """The address of a transfer's data and the credential for it."""

    url: str
    authorization: str


class World:
    """A city that shares files and a utility that uses them. `close` it at the end."""

    def __init__(
        self,
        directory: Path,
        *,
        relays: tuple[int | None, int | None] = (None, None),
        settings: Mapping[str, str] = QUICK,
        trees: tuple[Path, Path] = (ROOT, ROOT),
        **more: Any,
    ) -> None:
        """`relays` are ports that stand between the peers: the provider's, and the consumer's; `trees` are their
        sources; `more` is for both."""
        self.provider = NodeProcess(directory / "city", relay=relays[0], settings=settings, tree=trees[0], **more)
        self.consumer = NodeProcess(directory / "utility", relay=relays[1], settings=settings, tree=trees[1], **more)
        self.nodes = (self.provider, self.consumer)
        self._directory = directory
        self.datasets: dict[str, str] = {}

    def start(self) -> None:
        """Both nodes, each other's peers, and what the city shares: `plain` without a limit, `thrice` three times."""
        for node in self.nodes:
            node.start()
        self.provider.call("POST", "/v1/peers", {"url": self.consumer.url, "name": "utility", "private": True})
        self.consumer.call("POST", "/v1/peers", {"url": self.provider.url, "name": "city", "private": True})
        if self.provider.tree == ROOT:
            self.provider.call("POST", "/v1/frames", frames.BODY)
        (self._directory / "counts.csv").write_bytes(CONTENT)
        self.share("plain", {})
        self.share("thrice", {"count": 3})

    def share(self, name: str, terms: Mapping[str, object]) -> None:
        """Publish the file under these terms; a version that knows no people binds itself at once by itself."""
        settings = {"path": str(self._directory / "counts.csv")}
        asset = {"name": name, "kind": "file", "title": name, "settings": settings, "media_type": "text/csv"}
        self.datasets[name] = self.provider.call("POST", "/v1/assets", asset)["id"]
        self.provider.call("POST", "/v1/policies", {"name": name, "terms": terms})
        by_frame = {"approval": {"frame": frames.NAME}} if self.provider.tree == ROOT else {}
        self.provider.call("POST", "/v1/offers", {"asset": name, "policy": name, **by_frame})

    def close(self) -> None:
        """End both processes."""
        for node in self.nodes:
            node.close()

    # --- what an operator does ----------------------------------------------------------------------------------------

    def begun(self, path: str, body: Mapping[str, object]) -> str:
        """Begin a process at the consumer; its id. A command without an answer is looked up, then given again."""
        before = {one["id"] for one in self.consumer.listed(path)}

        def attempt() -> str:
            try:
                pid: str = self.consumer.call("POST", path, body)["id"]
            except RefusedError as error:
                if error.status not in LATER:
                    raise
                raise AwayError(error.code) from None
            return pid

        def begun() -> str | None:
            try:
                return attempt()
            except AwayError:
                new = [one["id"] for one in until(lambda: [self.consumer.listed(path)], f"{path} away")[0]]
                return next((pid for pid in new if pid not in before), None)

        return until(begun, f"cannot begin at {path}")

    def negotiate(self, dataset: str = "plain") -> str:
        """A negotiation from the request to FINALIZED on both sides; the consumer's pid."""
        pid = self.begun(NEGOTIATIONS, {"peer": "city", "dataset": self.datasets[dataset]})
        self.wait(NEGOTIATIONS, pid, "FINALIZED")
        return pid

    def contract(self, dataset: str = "plain") -> str:
        """A fresh contract for a dataset; its id."""
        agreed: str = self.consumer.call("GET", f"{NEGOTIATIONS}/{self.negotiate(dataset)}")["contract"]
        return agreed

    def command(self, node: NodeProcess, pid: str, move: str, goal: str) -> None:
        """A command about a transfer; given again for as long as it is neither done nor under way."""

        def done() -> bool:
            one = node.call("GET", f"{TRANSFERS}/{pid}")
            if one["state"] == goal and one["pending"] is None:
                return True
            if one["pending"] is None:
                try:
                    node.call("POST", f"{TRANSFERS}/{pid}/{move}", {})
                except RefusedError as error:
                    if error.status not in LATER:
                        raise
            return False

        until(done, f"{move} does not lead to {goal}")

    def wait(self, path: str, pid: str, goal: str) -> str:
        """Until a process stands in a state on both sides with nothing under way; the provider's pid."""

        def there() -> str | None:
            ours = self.consumer.call("GET", f"{path}/{pid}")
            if (ours["state"], ours["pending"]) != (goal, None):
                return None
            theirs = self.provider.call("GET", f"{path}/{ours['peer_pid']}")
            return ours["peer_pid"] if (theirs["state"], theirs["pending"]) == (goal, None) else None

        try:
            return until(there, f"{pid} is not {goal} on both sides")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.standing(path)}") from None

    def standing(self, path: str) -> list[tuple[Any, ...]]:
        """Where the unfinished processes stand, for the text of a failure."""
        return [
            (node.directory.name, one["id"], one["state"], one["pending"])
            for node in self.nodes
            for one in node.listed(path)
            if one["state"] not in ENDED or one["pending"]
        ]

    def fetch(self, contract: str) -> bytes:
        """One access to the data of a contract, over both nodes; an access that broke off is tried again."""

        def fetched() -> bytes | None:
            try:
                content: bytes = self.consumer.call("GET", f"/v1/contracts/{contract}/data")
            except RefusedError as error:
                if error.status not in LATER:
                    raise
                return None
            return content

        return until(fetched, "no data")

    def grant(self, pid: str) -> Grant:
        """What the consumer was given with a started transfer (its own pid); unsealed with its own key."""
        endpoint = self.consumer.look(lambda view: view.get(Endpoint, pid))
        assert endpoint is not None
        sealer = keys.load(self.consumer.directory / "keys").sealer()
        secret: dict[str, str] = msgspec.json.decode(sealer.open(endpoint.secret, pid.encode()))
        return Grant(endpoint.url, f"Bearer {secret['authorization'].removeprefix('Bearer ')}")

    def started(self, contract: str) -> Grant:
        """A transfer that has started; what the consumer was given for it."""
        pid = self.begun(TRANSFERS, {"contract": contract})
        self.wait(TRANSFERS, pid, "STARTED")
        return self.grant(pid)

    def finish(self) -> None:
        """Whatever transfers still run are completed by the consumer."""
        for one in self.consumer.listed(TRANSFERS):
            if one["state"] not in ENDED:
                self.command(self.consumer, one["id"], "complete", "COMPLETED")
                self.wait(TRANSFERS, one["id"], "COMPLETED")

    def access(self, grant: Grant) -> int:
        """The status of one access past the consumer's node, straight to the provider's data."""

        def status() -> int:
            connection = http.client.HTTPConnection("127.0.0.1", self.provider.port, timeout=5.0)
            try:
                connection.request("GET", urlsplit(grant.url).path, headers={"Authorization": grant.authorization})
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                raise AwayError from None
            finally:
                connection.close()

        return until(status, "the data is away")

    # --- the two stories ----------------------------------------------------------------------------------------------

    def transfer_story(
        self, contract: str, before: Callable[[str], None], by: Mapping[str, NodeProcess]
    ) -> Sequence[str]:
        """Request, start, suspend, restart, complete; the data is there in each started phase, and in no other.

        `before` is called with the name of the next message; `by` says who suspends, restarts and completes. The pids.
        """
        before("request")
        before("start")
        pid = self.begun(TRANSFERS, {"contract": contract})
        theirs = self.wait(TRANSFERS, pid, "STARTED")
        pids = {self.consumer.did: pid, self.provider.did: theirs}
        assert self.fetch(contract) == CONTENT
        grant = self.grant(pid)
        for message, move, goal in (
            ("suspend", "suspend", "SUSPENDED"),
            ("restart", "resume", "STARTED"),
            ("complete", "complete", "COMPLETED"),
        ):
            before(message)
            actor = by[message]
            self.command(actor, pids[actor.did], move, goal)
            self.wait(TRANSFERS, pid, goal)
            if goal == "STARTED":
                assert self.fetch(contract) == CONTENT
            else:
                judged = until(lambda: {self.access(grant)} - {503}, "no answer about the data")
                assert judged == {403}, f"data while {goal}"
        return pid, theirs

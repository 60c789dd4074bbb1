"""One Eclipse EDC as a process: settings, start, its management API, its memory.

What lives here: what an operator of that EDC would do. What does not: what is tried (`scenarios`), fetching
(`artifacts`). Both planes share one JVM, stores and vault are in memory, the identity is EDC's mock.

The heap limit is that of the chart that Tractus-X ships, where the two planes are two containers of 1 GiB each: a JVM
takes a quarter of its container, so both together 512 MiB. (Without a limit it would take a quarter of this machine.)
Everything else is EDC's default unless `tuned` sets the wait of its state machines to the 50 ms of EDC's own end-to-end
tests.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connector.ports import Reply
from scripts.lib.ports import free_port
from tests.edc.artifacts import MAIN, Runnable
from tests.edc.recording import noted

HEAP = "-Xmx512m"
TUNED_MILLIS = 50
EDC = "https://w3id.org/edc/v0.0.1/ns/"
ODRL = "http://www.w3.org/ns/odrl.jsonld"
PROTOCOL = "dataspace-protocol-http:2025-1"
START_SECONDS = 120.0
CONTEXTS = ("", "management", "control", "protocol", "version", "public", "catalog")
_WAITS = (
    "edc.negotiation.state-machine",
    "edc.negotiation.consumer.state-machine",
    "edc.negotiation.provider.state-machine",
    "edc.transfer.state-machine",
)


class EdcError(Exception):
    """An EDC did not do what was asked of it."""


class Edc:
    """A running EDC. `id` is its participant id, `base` where it speaks the protocol."""

    def __init__(self, id: str, process: subprocess.Popen[bytes], ports: Mapping[str, int], log: Path) -> None:
        self.id, self.process, self._ports, self.log = id, process, ports, log
        self.recordings: Path | None = None
        self.root = f"http://127.0.0.1:{ports['protocol']}/protocol"
        self.base = f"{self.root}/2025-1"

    def port(self, context: str) -> int:
        """Where it listens for this."""
        return self._ports[context]

    def management(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of its management API, version 3. Raises `EdcError` for anything but a 2xx."""
        url = f"http://127.0.0.1:{self._ports['management']}/management/v3/{path}"
        content = None if body is None else msgspec.json.encode({"@context": {"@vocab": EDC}, **body})
        request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise EdcError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from None
        return msgspec.json.decode(text) if text.strip() else None

    def said(self, method: str, path: str, body: bytes | None = None, *, client: str = "") -> Reply:
        """What it answers below its protocol's root to a caller that calls itself `client`."""
        headers = {"Content-Type": "application/json"}
        if client:
            token = {"region": "eu", "audience": self.id, "clientId": client}
            headers["Authorization"] = msgspec.json.encode(token).decode()
        request = urllib.request.Request(self.root + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                reply = Reply(answer.status, answer.read(), _lower(answer.headers))
        except urllib.error.HTTPError as error:
            reply = Reply(error.code, error.read(), _lower(error.headers))
        if self.recordings is not None:
            noted(self.recordings, method, urlsplit(self.root + path).path, reply)
        return reply

    def ready(self) -> bool:
        """True where it says so itself: its health check answers before its other endpoints do, its log does not.

        Raises `EdcError` where it has ended.
        """
        log = self.log.read_text(errors="replace")
        if self.process.poll() is not None:
            raise EdcError(log[-2000:])
        return re.search(r"Runtime \S+ ready", log) is not None

    def data_plane(self) -> bool:
        """True where its own data plane is there, without which nothing can be had from it."""
        return any(one["state"] == "AVAILABLE" for one in self.management("GET", "dataplanes"))

    def rss(self) -> float:
        """Resident memory in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    # --- what an operator does ----------------------------------------------------------------------------------------

    def share(self, dataset: str, url: str, permission: Mapping[str, Any] | None = None) -> None:
        """An asset whose data are at `url`, under a policy that permits use, open to all."""
        address = {"type": "HttpData", "baseUrl": url}
        asset = {"@id": dataset, "properties": {"name": dataset}, "dataAddress": {"@type": "DataAddress", **address}}
        self.management("POST", "assets", asset)
        rule = {"@context": ODRL, "@type": "Set", "permission": [permission or {"action": "use"}]}
        self.management("POST", "policydefinitions", {"@id": f"use-{dataset}", "policy": rule})
        terms = {"accessPolicyId": f"use-{dataset}", "contractPolicyId": f"use-{dataset}"}
        wanted = {"operandLeft": f"{EDC}id", "operator": "=", "operandRight": dataset}
        self.management("POST", "contractdefinitions", {"@id": f"def-{dataset}", **terms, "assetsSelector": [wanted]})

    def catalog(self, peer: str, base: str) -> Mapping[str, Any]:
        """The catalogue of another participant, in EDC's own words."""
        found: Mapping[str, Any] = self.management("POST", "catalog/request", _peer(peer, base))
        return found

    def negotiate(self, peer: str, base: str, dataset: str, offer: Mapping[str, Any]) -> str:
        """Ask for a dataset on the terms of an offer out of the catalogue; returns EDC's id of the negotiation."""
        policy = {**offer, "@context": ODRL, "assigner": peer, "target": dataset}
        begun = self.management("POST", "contractnegotiations", {**_peer(peer, base), "policy": policy})
        return str(begun["@id"])

    def negotiation(self, id: str) -> Mapping[str, Any]:
        """How it stands: `state`, `contractAgreementId`, `errorDetail`."""
        found: Mapping[str, Any] = self.management("GET", f"contractnegotiations/{id}")
        return found

    def negotiation_with(self, theirs: str) -> str:
        """Its id of the negotiation that the other side knows as `theirs`."""
        return self._with("contractnegotiations", theirs)

    def agreed(self, negotiation: str) -> str:
        """The id of the agreement on the wire; from 0.15 on an EDC has another one of its own."""
        kept = self.negotiation(negotiation)["contractAgreementId"]
        return str(self.management("GET", f"contractagreements/{kept}").get("agreementId", kept))

    def end_negotiation(self, id: str, reason: str) -> None:
        """Terminate with a reason."""
        body = {"@type": "TerminateNegotiation", "@id": id, "reason": reason}
        self.management("POST", f"contractnegotiations/{id}/terminate", body)

    def transfer(self, peer: str, base: str, contract: str) -> str:
        """Ask for a pull under a contract; returns EDC's id of the transfer."""
        body = {**_peer(peer, base), "contractId": contract, "transferType": "HttpData-PULL"}
        return str(self.management("POST", "transferprocesses", body)["@id"])

    def transfer_state(self, id: str) -> Mapping[str, Any]:
        """How it stands: `state`, `errorDetail`."""
        found: Mapping[str, Any] = self.management("GET", f"transferprocesses/{id}")
        return found

    def transfer_with(self, theirs: str) -> str:
        """Its id of the transfer that the other side knows as `theirs`."""
        return self._with("transferprocesses", theirs)

    def move_transfer(self, id: str, move: str, reason: str = "") -> None:
        """`suspend`, `resume` or `terminate`."""
        kinds = {"suspend": "SuspendTransfer", "terminate": "TerminateTransfer"}
        body = {"@type": kinds[move], "reason": reason} if move in kinds else None
        self.management("POST", f"transferprocesses/{id}/{move}", body)

    def data_address(self, transfer: str) -> Mapping[str, Any]:
        """Where the data of a started transfer are to be had."""
        found: Mapping[str, Any] = self.management("GET", f"edrs/{transfer}/dataaddress")
        return found

    def _with(self, kind: str, theirs: str) -> str:
        wanted = {"operandLeft": "correlationId", "operator": "=", "operandRight": theirs}
        found = self.management("POST", f"{kind}/request", {"@type": "QuerySpec", "filterExpression": [wanted]})
        if len(found) != 1:
            raise EdcError(f"{len(found)} {kind} with {theirs}")
        return str(found[0]["@id"])


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _peer(id: str, base: str) -> dict[str, Any]:
    return {"counterPartyId": id, "counterPartyAddress": base, "protocol": PROTOCOL}


def settings(id: str, ports: Mapping[str, int], keys: Path, *, tuned: bool) -> Mapping[str, str]:
    """The settings of one EDC."""
    found = {
        "edc.participant.id": id,
        "edc.hostname": "127.0.0.1",
        "edc.dsp.callback.address": f"http://127.0.0.1:{ports['protocol']}/protocol",
        "edc.dpf.selector.url": f"http://127.0.0.1:{ports['control']}/control/v1/dataplanes",
        "edc.transfer.proxy.token.signer.privatekey.alias": "private.pem",
        "edc.transfer.proxy.token.verifier.publickey.alias": "public.pem",
        "edc.dataplane.api.public.baseurl": f"http://127.0.0.1:{ports['public']}/public",
        "opposite.keys": str(keys),
    }
    for name, port in ports.items():
        key = f"web.http.{name}" if name else "web.http"
        found |= {f"{key}.port": str(port), f"{key}.path": f"/{name or 'api'}"}
    if tuned:
        found |= {f"{prefix}.iteration-wait-millis": str(TUNED_MILLIS) for prefix in _WAITS}
    return found


@contextlib.contextmanager
def running(what: Runnable, folder: Path, ids: Sequence[str], *, tuned: bool = False) -> Iterator[tuple[Edc, ...]]:
    """These EDCs, started side by side and ready. Raises `EdcError` where one does not come up."""
    with contextlib.ExitStack() as stack:
        started = tuple(
            stack.enter_context(_process(what, folder / f"edc-{number}", id, tuned=tuned))
            for number, id in enumerate(ids)
        )
        for one in started:
            until(one.ready, START_SECONDS, "an EDC to be ready")
        yield started


@contextlib.contextmanager
def _process(what: Runnable, folder: Path, id: str, *, tuned: bool) -> Iterator[Edc]:
    folder.mkdir(parents=True)
    ports = {name: free_port() for name in CONTEXTS}
    given = settings(id, ports, what.keys, tuned=tuned)
    (folder / "edc.properties").write_text("".join(f"{key}={value}\n" for key, value in given.items()))
    command = [what.java, HEAP, f"-Dedc.fs.config={folder / 'edc.properties'}", "-cp", what.class_path, MAIN]
    log = folder / "edc.log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=folder) as process:
        try:
            yield Edc(id, process, ports, log)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def until(found: Callable[[], Any], seconds: float, what: str, every: float = 0.1) -> Any:
    """What `found` gives as soon as it gives something. Raises `EdcError` where it never does."""
    end = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > end:
            raise EdcError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every)
    return value

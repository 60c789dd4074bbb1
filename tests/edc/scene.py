"""The stage of the scenarios: a node of ours, an EDC that provides, an EDC that consumes, and what each can share.

What lives here: setting things up, and waiting until both sides stand where they should. What does not: what is tried
(`scenarios`).
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from connector.cli.remote import Remote
from tests.edc.opposite import Ours
from tests.edc.runtime import Edc, EdcError, until

PATIENCE = 15.0
TERMS: Mapping[str, Any] = {"count": 5, "purposes": ["PublicBenefit"], "spatial": ["09162"], "until": "2031-01-01"}
OURS, THEIRS = b"hour,bicycles\n7,112\n", b"hour,trams\n7,31\n"
GONE = frozenset({"TERMINATED", "DEPROVISIONING", "DEPROVISIONED"})
"""Where an EDC's transfer ends when it is terminated."""


class Scene:
    """All three, and the counter that names what each scenario shares. `silo` is where the EDC's data are."""

    def __init__(self, ours: Ours, provider: Edc, consumer: Edc, silo: str, folder: Path) -> None:
        self.ours, self.provider, self.consumer, self.silo = ours, provider, consumer, silo
        self._folder, self._count = folder, 0
        self.second: Remote | None = None

    @property
    def remote(self) -> Remote:
        """Our node's management API as its first operator has it."""
        return self.ours.remote

    def prepare(self) -> None:
        """Peers, a second person, policies, a frame contract."""
        self.ours.pin(self.provider, "provider")
        self.ours.pin(self.consumer, "consumer")
        token = self.remote.post("/operators", {"name": "second", "role": "approver"})["token"]
        self.second = Remote(self.remote.url, token)
        self.remote.post("/policies", {"name": "limited", "terms": TERMS})
        self.remote.post("/policies", {"name": "open", "terms": {}})
        frame = {"title": "Offene Daten", "file_number": "A 1", "hash": "0" * 64, "signatories": ["Stadtrat"]}
        self.remote.post("/frames", {"name": "anybody", "anybody": True, **frame})
        (self._folder / "data.csv").write_bytes(OURS)

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}-{self._count}"

    # --- our offers, an EDC asks --------------------------------------------------------------------------------------

    def share(self, policy: str = "open", *, outside: str = "refuse", at_once: bool = True) -> str:
        """Something of ours; returns its dataset's IRI."""
        name = self._name("ours")
        path = str((self._folder / "data.csv").resolve())
        asset = {"name": name, "title": name, "kind": "file", "settings": {"path": path}, "media_type": "text/csv"}
        dataset = str(self.remote.post("/assets", asset)["id"])
        approval = {"frame": "anybody"} if at_once else {"persons": 1}
        self.remote.post("/offers", {"asset": name, "policy": policy, "outside": outside, "approval": approval})
        return dataset

    def seen(self, dataset: str) -> Mapping[str, Any]:
        """A dataset of ours as the EDC sees it in our catalogue."""
        catalog = self.consumer.catalog(self.ours.id, self.ours.base)
        return next(one for one in catalog["dataset"] if one["@id"] == dataset)

    def asks(self, dataset: str, permission: Any = None) -> tuple[str, str]:
        """The EDC asks for a dataset of ours, on the terms that it sees or on others; its id and ours."""
        [offer] = self.seen(dataset)["hasPolicy"]
        wanted = offer if permission is None else {**offer, "permission": permission}
        theirs = self.consumer.negotiate(self.ours.id, self.ours.base, dataset, wanted)
        listed = until(lambda: self._about("negotiations", dataset), PATIENCE, "the EDC's request")
        return theirs, str(listed["id"])

    def contract_for_edc(self) -> tuple[str, str]:
        """A contract under which the EDC consumes: its dataset and its id."""
        dataset = self.share()
        theirs, ours = self.asks(dataset)
        self.edc_is(self.consumer.negotiation, theirs, {"FINALIZED"})
        self.we_are("negotiations", ours, "FINALIZED")
        return dataset, str(self.consumer.negotiation(theirs)["contractAgreementId"])

    def transfer_for_edc(self) -> tuple[str, str]:
        """A started transfer from us to the EDC: its id and ours."""
        dataset, contract = self.contract_for_edc()
        theirs = self.consumer.transfer(self.ours.id, self.ours.base, contract)
        self.edc_is(self.consumer.transfer_state, theirs, {"STARTED"})
        ours = str(self._about("transfers", dataset)["id"])
        self.we_are("transfers", ours, "STARTED")
        return theirs, ours

    # --- an EDC offers, we ask ----------------------------------------------------------------------------------------

    def edc_shares(self, prefix: str = "theirs", permission: Any = None) -> str:
        """Something of the EDC's; returns its dataset's id."""
        dataset = self._name(prefix)
        self.provider.share(dataset, f"{self.silo}/data.csv", permission)
        return dataset

    def ask(self, dataset: str, **more: Any) -> str:
        """We ask for a dataset of the EDC's; returns our id of the negotiation."""
        return str(self.remote.post("/negotiations", {"peer": "provider", "dataset": dataset, **more})["id"])

    def contract_for_us(self) -> tuple[str, str]:
        """A contract under which we consume: our id of the negotiation, and the contract's."""
        negotiation = self.ask(self.edc_shares())
        self.we_are("negotiations", negotiation, "FINALIZED")
        theirs = self.provider.negotiation_with(negotiation)
        self.edc_is(self.provider.negotiation, theirs, {"FINALIZED"})
        return negotiation, str(self.remote.get(f"/negotiations/{negotiation}")["contract"])

    def transfer_for_us(self) -> tuple[str, str, str]:
        """A started transfer from the EDC to us: our id, its id, the contract."""
        _, contract = self.contract_for_us()
        ours = str(self.remote.post("/transfers", {"contract": contract})["id"])
        self.we_are("transfers", ours, "STARTED")
        theirs = self.provider.transfer_with(ours)
        self.edc_is(self.provider.transfer_state, theirs, {"STARTED"})
        return ours, theirs, contract

    def pulled(self, contract: str) -> bytes:
        """The data under a contract, as an operator of ours gets them."""
        with self.remote.stream(f"/contracts/{contract}/data", {}) as answer:
            return b"".join(answer.chunks())

    # --- waiting ------------------------------------------------------------------------------------------------------

    def we_are(self, kind: str, id: str, state: str) -> Mapping[str, Any]:
        """Our record once it stands in this state with nothing under way. Raises `EdcError`."""

        def there() -> Any:
            one = self.remote.get(f"/{kind}/{id}")
            return one if one["state"] == state and one["pending"] is None else None

        try:
            found: Mapping[str, Any] = until(there, PATIENCE, f"our {kind[:-1]} to be {state}")
        except EdcError as error:
            one = self.remote.get(f"/{kind}/{id}")
            raise EdcError(f"{error}: it is {one['state']} {one['reason']}") from None
        return found

    def edc_is(self, get: Callable[[str], Mapping[str, Any]], id: str, states: set[str] | frozenset[str]) -> Any:
        """An EDC's record once it stands in one of these states. Raises `EdcError`."""

        def there() -> Any:
            one = get(id)
            return one if one["state"] in states else None

        try:
            return until(there, PATIENCE, f"the EDC to be {' or '.join(sorted(states))}")
        except EdcError as error:
            raise EdcError(f"{error}: it is {get(id)['state']} {get(id).get('errorDetail', '')}") from None

    def _about(self, kind: str, dataset: str) -> Any:
        return next((one for one in self.remote.every(f"/{kind}") if one["dataset"] == dataset), None)


def fetched(address: Mapping[str, Any]) -> tuple[int, bytes]:
    """What an application beside the EDC gets from a data address: it sends the token as it stands."""
    request = urllib.request.Request(address["endpoint"], headers={"Authorization": address["authorization"]})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()

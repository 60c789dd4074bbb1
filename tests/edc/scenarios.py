"""What is tried between a node of ours and an Eclipse EDC, in both directions.

What lives here: the scenarios, each of which sets up what it needs and can fail. What does not: the stage (`scene`),
running them (`tests.conformance.edc`). A docstring says what has to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from connector.cli.errors import CommandError
from connector.cli.remote import Remote
from connector.protocol.messages import CONTEXT
from connector.services import peers
from tests.edc.scene import GONE, OURS, THEIRS, Scene, fetched

MANY = 60
"""Datasets; more than the 50 that an EDC shows at once."""
COUNTED = {"action": "use", "constraint": {"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "5"}}


# --- an EDC provides --------------------------------------------------------------------------------------------------


def versions_of_edc(s: Scene) -> None:
    """Among the versions that it speaks, ours is found where it is."""
    assert peers._base(s.provider.root, s.provider.said("GET", "/.well-known/dspace-version").body) == s.provider.base


def strangers_of_edc(s: Scene) -> None:
    """Whom it does not believe, and what it does not know, it answers with 4xx and the protocol's own errors."""
    catalog = msgspec.json.encode({"@context": [CONTEXT], "@type": "CatalogRequestMessage"})
    asked = s.provider.said("POST", "/2025-1/catalog/request", catalog, client="faultyClientId")
    assert asked.status == 401, asked
    for path in ("/2025-1/negotiations/none", "/2025-1/transfers/none", "/2025-1/catalog/datasets/none"):
        answer = s.provider.said("GET", path, client=s.ours.id)
        assert answer.status == 404, answer


def catalogue_of_edc(s: Scene) -> None:
    """Its offers are read and explained."""
    dataset = s.edc_shares()
    shown = s.remote.get(f"/catalog/provider/{dataset}")
    assert shown["offers"][0]["reason"] is None, shown
    assert any("use" in sentence for sentence in shown["offers"][0]["sentences"]), shown


def pages_of_edc(s: Scene) -> None:
    """A catalogue of several pages is read to its end, by the EDC's own links."""
    wanted = {s.edc_shares("many") for _ in range(MANY)}
    seen, after = set(), None
    while True:
        page = s.remote.get("/catalog/provider", after=after)
        seen |= {one["id"] for one in page["items"]}
        after = page["next"]
        if not after:
            break
    assert wanted <= seen, len(wanted - seen)


def contract_with_edc(s: Scene) -> None:
    """A contract, the same on both sides."""
    negotiation, contract = s.contract_for_us()
    assert s.provider.agreed(s.provider.negotiation_with(negotiation)) == contract
    assert s.remote.get(f"/contracts/{contract}")["role"] == "consumer"


def pull_from_edc(s: Scene) -> None:
    """Its data address is understood and its token accepted."""
    _, contract = s.contract_for_us()
    assert s.pulled(contract) == THEIRS


def suspended_by_us(s: Scene) -> None:
    """We suspend, it knows why; we resume, and the data flow again."""
    ours, theirs, contract = s.transfer_for_us()
    s.remote.post(f"/transfers/{ours}/suspend", {"reason": "disk full"})
    s.we_are("transfers", ours, "SUSPENDED")
    assert "disk full" in s.edc_is(s.provider.transfer_state, theirs, {"SUSPENDED"})["errorDetail"]
    s.remote.post(f"/transfers/{ours}/resume", {})
    s.edc_is(s.provider.transfer_state, theirs, {"STARTED"})
    s.we_are("transfers", ours, "STARTED")
    assert s.pulled(contract) == THEIRS


def suspended_by_edc(s: Scene) -> None:
    """It suspends, its reason is shown in its words; it resumes."""
    ours, theirs, contract = s.transfer_for_us()
    s.provider.move_transfer(theirs, "suspend", "Maintenance until noon.")
    assert "Maintenance until noon." in s.we_are("transfers", ours, "SUSPENDED")["reason"]["sentence"]
    s.provider.move_transfer(theirs, "resume")
    s.edc_is(s.provider.transfer_state, theirs, {"STARTED"})
    s.we_are("transfers", ours, "STARTED")
    assert s.pulled(contract) == THEIRS


def transfer_ended_by_us(s: Scene) -> None:
    """We end a transfer, it is ended there too."""
    ours, theirs, _ = s.transfer_for_us()
    s.remote.post(f"/transfers/{ours}/terminate", {"reason": "no longer needed"})
    s.we_are("transfers", ours, "TERMINATED")
    s.edc_is(s.provider.transfer_state, theirs, GONE)


def transfer_ended_by_edc(s: Scene) -> None:
    """It ends a transfer, its reason is shown in its words."""
    ours, theirs, _ = s.transfer_for_us()
    s.provider.move_transfer(theirs, "terminate", "The source was shut down.")
    assert "The source was shut down." in s.we_are("transfers", ours, "TERMINATED")["reason"]["sentence"]


def refused_by_edc(s: Scene) -> None:
    """Its policy refuses us: the negotiation ends here, with its status and its words."""
    negotiation = s.ask(s.edc_shares("refused", COUNTED))
    reason = s.we_are("negotiations", negotiation, "TERMINATED")["reason"]
    assert (reason["code"], reason["params"]["status"][0]) == ("peer.refused", "4"), reason
    assert len(reason["params"].get("text", "")) > 3, reason


def declined_by_edc(s: Scene) -> None:
    """It ends a negotiation, its reason is shown in its words."""
    negotiation = s.ask(s.edc_shares("held"))
    s.we_are("negotiations", negotiation, "REQUESTED")
    s.provider.end_negotiation(s.provider.negotiation_with(negotiation), "Not without a signature.")
    assert "Not without a signature." in s.we_are("negotiations", negotiation, "TERMINATED")["reason"]["sentence"]


def declined_by_us(s: Scene) -> None:
    """We end a negotiation of our own, it is ended there too."""
    negotiation = s.ask(s.edc_shares("held"))
    s.we_are("negotiations", negotiation, "REQUESTED")
    s.remote.post(f"/negotiations/{negotiation}/decline", {"reason": "found elsewhere"})
    s.we_are("negotiations", negotiation, "TERMINATED")
    s.edc_is(s.provider.negotiation, s.provider.negotiation_with(negotiation), {"TERMINATED"})


def other_terms_than_asked(s: Scene) -> None:
    """An EDC does not look at the terms asked and answers with its own: we notice, and no contract stands.

    It acknowledges our termination; where that has overtaken its own bookkeeping it then writes AGREED over it and
    stays there, which is no contract either.
    """
    negotiation = s.ask(s.edc_shares(), terms={"count": 3})
    ended = s.we_are("negotiations", negotiation, "TERMINATED")
    assert ended["reason"]["code"] == "agreement.differs", ended["reason"]
    assert ended["contract"] not in {one["id"] for one in s.remote.every("/contracts")}
    s.edc_is(s.provider.negotiation, s.provider.negotiation_with(negotiation), {"TERMINATED", "AGREED"})


# --- an EDC consumes --------------------------------------------------------------------------------------------------


def catalogue_for_edc(s: Scene) -> None:
    """It reads our catalogue, constraints and all."""
    [offer] = s.seen(s.share("limited"))["hasPolicy"]
    constraints = offer["permission"][0]["constraint"]
    assert len(constraints) == 4, offer


def contract_for_edc(s: Scene) -> None:
    """A contract on terms with four constraints, under a frame contract, the same on both sides."""
    dataset = s.share("limited")
    theirs, ours = s.asks(dataset)
    s.edc_is(s.consumer.negotiation, theirs, {"FINALIZED"})
    contract = s.we_are("negotiations", ours, "FINALIZED")["contract"]
    assert s.consumer.agreed(theirs) == contract
    assert s.remote.get(f"/contracts/{contract}")["role"] == "provider"


def approved_by_a_person(s: Scene) -> None:
    """It waits while a person decides, and has its contract afterwards."""
    theirs, ours = s.asks(s.share(at_once=False))
    assert s.we_are("negotiations", ours, "REQUESTED")["contract"] is None
    _second(s).post(f"/negotiations/{ours}/approve", {})
    s.edc_is(s.consumer.negotiation, theirs, {"FINALIZED"})
    s.we_are("negotiations", ours, "FINALIZED")


def pull_by_edc(s: Scene) -> None:
    """It understands our data address; whoever has its token gets the data, and nobody without."""
    theirs, _ = s.transfer_for_edc()
    address = s.consumer.data_address(theirs)
    assert fetched(address) == (200, OURS)
    assert fetched({**address, "authorization": f"Bearer {address['authorization']}"}) == (200, OURS)
    assert fetched({**address, "authorization": "other"})[0] == 401


def paused_by_us(s: Scene) -> None:
    """We suspend, it knows why and its token is worth nothing; we resume, and it is again."""
    theirs, ours = s.transfer_for_edc()
    address = s.consumer.data_address(theirs)
    s.remote.post(f"/transfers/{ours}/suspend", {"reason": "audit in progress"})
    s.we_are("transfers", ours, "SUSPENDED")
    assert fetched(address)[0] == 403
    assert "audit in progress" in s.edc_is(s.consumer.transfer_state, theirs, {"SUSPENDED"})["errorDetail"]
    s.remote.post(f"/transfers/{ours}/resume", {})
    s.edc_is(s.consumer.transfer_state, theirs, {"STARTED"})
    s.we_are("transfers", ours, "STARTED")
    assert fetched(s.consumer.data_address(theirs)) == (200, OURS)


def paused_by_edc(s: Scene) -> None:
    """It suspends with a reason in its words; it resumes and gets the start that it waits for."""
    theirs, ours = s.transfer_for_edc()
    s.consumer.move_transfer(theirs, "suspend", "Our disk is full.")
    assert "Our disk is full." in s.we_are("transfers", ours, "SUSPENDED")["reason"]["sentence"]
    s.edc_is(s.consumer.transfer_state, theirs, {"SUSPENDED"})
    s.consumer.move_transfer(theirs, "resume")
    s.edc_is(s.consumer.transfer_state, theirs, {"STARTED"})
    s.we_are("transfers", ours, "STARTED")
    assert fetched(s.consumer.data_address(theirs)) == (200, OURS)


def flow_ended_by_us(s: Scene) -> None:
    """We end a transfer, it is ended there too, and its token is worth nothing."""
    theirs, ours = s.transfer_for_edc()
    address = s.consumer.data_address(theirs)
    s.remote.post(f"/transfers/{ours}/terminate", {"reason": "no longer offered"})
    s.we_are("transfers", ours, "TERMINATED")
    assert fetched(address)[0] in (403, 404)
    s.edc_is(s.consumer.transfer_state, theirs, GONE)


def flow_ended_by_edc(s: Scene) -> None:
    """It ends a transfer, its reason is shown in its words."""
    theirs, ours = s.transfer_for_edc()
    s.consumer.move_transfer(theirs, "terminate", "The project is over.")
    assert "The project is over." in s.we_are("transfers", ours, "TERMINATED")["reason"]["sentence"]


def refused_by_us(s: Scene) -> None:
    """It asks for more than is offered and is refused, with a reason."""
    theirs, ours = s.asks(s.share("limited"), [{"action": "use"}])
    assert s.we_are("negotiations", ours, "TERMINATED")["reason"]["code"] == "terms.outside"
    s.edc_is(s.consumer.negotiation, theirs, {"TERMINATED"})


def countered_by_us(s: Scene) -> None:
    """It asks for more than is offered and has our counter-offer; no EDC can accept one, so it ends the negotiation."""
    theirs, ours = s.asks(s.share("limited", outside="counter"), [{"action": "use"}])
    s.edc_is(s.consumer.negotiation, theirs, {"OFFERED"})
    s.we_are("negotiations", ours, "OFFERED")
    s.consumer.end_negotiation(theirs, "We cannot accept counter-offers.")
    reason = s.we_are("negotiations", ours, "TERMINATED")["reason"]
    assert "We cannot accept counter-offers." in reason["sentence"], reason


def rejected_by_a_person(s: Scene) -> None:
    """A person of ours says no, it is ended there too."""
    theirs, ours = s.asks(s.share(at_once=False))
    s.we_are("negotiations", ours, "REQUESTED")
    _second(s).post(f"/negotiations/{ours}/decline", {"reason": "The council said no."})
    s.we_are("negotiations", ours, "TERMINATED")
    s.edc_is(s.consumer.negotiation, theirs, {"TERMINATED"})


def withdrawn_by_edc(s: Scene) -> None:
    """It ends a negotiation that waits for a person of ours, its reason is shown in its words."""
    theirs, ours = s.asks(s.share(at_once=False))
    s.we_are("negotiations", ours, "REQUESTED")
    s.edc_is(s.consumer.negotiation, theirs, {"REQUESTED"})
    s.consumer.end_negotiation(theirs, "We changed our minds.")
    assert "We changed our minds." in s.we_are("negotiations", ours, "TERMINATED")["reason"]["sentence"]


def _second(s: Scene) -> Remote:
    assert s.second is not None
    return s.second


Scenario = Callable[[Scene], None]
PROVIDES: tuple[Scenario, ...] = (
    *(
        versions_of_edc,
        strangers_of_edc,
        catalogue_of_edc,
        pages_of_edc,
        contract_with_edc,
        refused_by_edc,
        declined_by_edc,
        declined_by_us,
    ),
    other_terms_than_asked,
)
CONSUMES: tuple[Scenario, ...] = (
    *(catalogue_for_edc, contract_for_edc, approved_by_a_person, refused_by_us, countered_by_us),
    *(rejected_by_a_person, withdrawn_by_edc),
)
PULLS: tuple[Scenario, ...] = (
    *(pull_from_edc, suspended_by_us, suspended_by_edc, transfer_ended_by_us, transfer_ended_by_edc),
    *(pull_by_edc, paused_by_us, paused_by_edc, flow_ended_by_us, flow_ended_by_edc),
)
"""Those that move data; only with a release whose data can be pulled."""


def names(pulls: bool) -> Mapping[str, Scenario]:
    """The scenarios by name."""
    chosen = (*PROVIDES, *CONSUMES, *(PULLS if pulls else ()))
    return {one.__name__.replace("_", "-"): one for one in chosen}


def played(scenario: Scenario, scene: Scene) -> str | None:
    """Why a scenario failed, or None."""
    try:
        scenario(scene)
    except CommandError as error:
        return f"our node says: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None

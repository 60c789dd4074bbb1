"""Covers connector/services/onward.py: what came under a contract is passed on only within what that says of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from connector.errors import InputError
from connector.records import Outside
from connector.services import onward
from policies import render
from policies.model import ODRL, Operator, Policy, PolicyKind, Rule, RuleKind
from policies.operands import PURPOSE
from policies.terms import Terms, to_policy
from policies.vocabulary import DPV, MUNICIPAL, USE
from tests.connector.services.world import FINAL, Neighbour, neighbours, settled
from tests.harness.virtual import run
from tests.policies.samples import atom

NEXT = Rule(
    RuleKind.DUTY,
    ODRL + "nextPolicy",
    (
        atom("urn:allmende:dutyTiming", Operator.EQ, "urn:allmende:after"),
        atom(PURPOSE, Operator.IS_A, DPV + "PublicBenefit"),
    ),
)
INBOUND = Policy("urn:x:p", PolicyKind.OFFER, (Rule(RuleKind.PERMISSION, USE, duties=(NEXT,)),), profile=(MUNICIPAL,))


async def _received(utility: Neighbour, city: Neighbour) -> str:
    """A contract of the utility with the city, whose terms say what may be passed on."""
    offer = await city.publish(Terms(), name="traffic")
    await city.policies.add("mayor", "onward", render.to_dsp(INBOUND))
    offer = await city.offers.publish("mayor", "traffic", "onward", Outside.REFUSE, offer.approval)
    document = {**offer.document, "target": offer.asset}
    asked = await utility.negotiations.request("jo", city.did, offer.asset, document)
    done = await settled(utility.negotiations, asked.id, FINAL)
    assert done.state == "FINALIZED", done
    assert done.agreement is not None
    return str(done.agreement["@id"])


def test_what_came_under_a_contract_is_offered_only_within_its_next_policy(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        contract = await _received(utility, city)
        await utility.offers.add_asset("mayor", name="copy", title="copy", kind="file", settings={})
        for name, purpose in (("fine", "ImproveTransportMobility"), ("wide", "CommercialPurpose")):
            terms = to_policy("urn:x:policy", Terms(purposes=(purpose,)))
            await utility.policies.add("mayor", name, render.to_dsp(terms))
        kept = await utility.offers.publish("mayor", "copy", "fine", Outside.REFUSE, received=contract)
        assert kept.received == contract
        with pytest.raises(InputError, match=r"onward\.beyond"):
            await utility.offers.publish("mayor", "copy", "wide", Outside.REFUSE, received=contract)
        limits = '[[permission]]\naction = "use"'
        with pytest.raises(InputError, match=r"onward\.beyond"):
            await utility.offers.publish("mayor", "copy", "fine", Outside.REFUSE, limits=limits, received=contract)
        with pytest.raises(InputError, match=r"onward\.contract"):
            await utility.offers.publish("mayor", "copy", "fine", Outside.REFUSE, received="urn:uuid:none")
        with pytest.raises(InputError, match=r"onward\.contract"):
            await city.store.read(lambda view: onward.permitted(view, contract, replace(INBOUND, id="urn:x:q")))

    run(story)

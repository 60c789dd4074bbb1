"""A consumer that asks for more duties than it was offered, to learn what these duties were to hide, or to be rid of
another one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connector.protocol.messages import JsonObject
from connector.records import Agreement, Outside
from connector.services.decisions import compared_terms
from policies import parse
from policies.compile import compiled
from policies.evaluate import evaluate
from policies.model import Access, Comparison, Deed, Policy, PolicyKind
from policies.vocabulary import READ
from tests.connector.data.test_egress import TABLE, duty, under
from tests.connector.data.world import asset, started, world
from tests.connector.services.world import Neighbour, neighbours
from tests.harness.frames import at_once
from tests.harness.virtual import run
from tests.policies.transforms.duties import OWN

ODRL = "http://www.w3.org/ns/odrl/2/"
PROFILE = "urn:allmende:profile:municipal:1"
WHO = "did:web:utility"


def among(left: str, value: Any, operator: str = "eq", kind: str = "") -> JsonObject:
    right = {"@value": value, "@type": f"xsd:{kind}"} if kind else value
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def group(least: str, **more: str) -> JsonObject:
    return duty(ODRL + "anonymize", among("minGroupSize", least, "gteq", "integer"), **more)


def window(length: str, **more: str) -> JsonObject:
    return duty("coarsen", temporalResolution=length, timeField="time", **more)


HIDE = duty("suppress", field="name")
HOURLY = window("PT1H")
PLACE = duty("coarsen", among("placeField", ["lat", "lon"], "isAnyOf"), spatialResolution="500")
SUMS = duty("aggregate", among("field", "income"), among("statistic", OWN + "statistic:sum"), groupBy="district")

ORACLES = {
    "a filter for what is taken away": ([HIDE], duty("filterRows", field="name", fieldValue="Erika Mustermann")),
    "a filter finer than what is left": (
        [PLACE],
        duty("filterRows", among("fieldNumber", "50.7374", "lteq", "decimal"), field="lat"),
    ),
    "a delay finer than what is left": (
        [HOURLY],
        duty("delay", among(ODRL + "delayPeriod", "P1DT1M"), timeField="time"),
    ),
    "how many there are of what is taken away": ([HIDE], group("2", groupField="district", unitField="name")),
    "squares that lie otherwise": (
        [PLACE],
        duty("coarsen", among("placeField", ["lat", "lon"], "isAnyOf"), spatialResolution="499"),
    ),
    "windows that begin otherwise": ([window("PT30M")], window("PT20M")),
    "windows of another zone": ([HOURLY], window("PT1H", timeZone="Asia/Kathmandu")),
    "bounds of what is measured": (
        [SUMS, group("10")],
        duty("perturb", epsilon="10", lowerBound="99999", upperBound="100000"),
    ),
}


def offer(*duties: JsonObject) -> Policy:
    document = {
        "@id": "urn:x:offer",
        "@type": "Offer",
        "profile": PROFILE,
        "permission": [{"action": "use", "duty": [*duties]}],
    }
    return parse.from_dsp(document, PolicyKind.OFFER)


def _codes(asked: Policy, offered: Policy) -> list[str]:
    found = compared_terms(asked, offered, WHO)
    assert isinstance(found, Comparison), found
    return [] if found.within else [one.reason.code for one in found.differences]


@pytest.mark.parametrize("name", ORACLES)
def test_nobody_looks_at_what_is_hidden_by_asking_for_more_duties(name: str) -> None:
    offered, more = ORACLES[name]
    assert "beyond.asking" in _codes(offer(*offered, more), offer(*offered))
    assert _codes(offer(*offered, more), offer(*offered, more)) == []


@pytest.mark.parametrize("length", ["PT20M", "PT1H", "PT6H", "P1D", "P7D", "P1M", "P3M"])
def test_windows_that_are_made_of_whole_ones_tell_no_more(length: str) -> None:
    assert _codes(offer(HOURLY, window(length)), offer(HOURLY)) == []
    assert ("beyond.asking" in _codes(offer(window("P7D"), window(length)), offer(window("P7D")))) is (length[-1] == "M"
        and length[1] != "T")  # fmt: skip


@pytest.mark.parametrize("more", [duty("suppress", field="street"), duty("sign"), group("5", groupField="district")])
def test_more_duties_that_only_take_away_are_still_less(more: JsonObject) -> None:
    assert _codes(offer(HIDE, more), offer(HIDE)) == []


def test_a_duty_that_cannot_be_done_is_no_part_of_a_contract() -> None:
    twice = [duty("replace", field="street", replaceWith=text) for text in ("a", "b")]
    found = compared_terms(offer(HIDE, *twice), offer(HIDE), WHO)
    assert not isinstance(found, Comparison)
    assert found.code == "transform.contradiction"


async def _asked(city: Neighbour, utility: Neighbour, *more: JsonObject, limits: str = "") -> list[Agreement]:
    """What is agreed when the utility asks for what the city offers, and for these duties."""
    document: JsonObject = {"@id": "urn:x:policy", "@type": "Offer", "profile": PROFILE}
    document["permission"] = [{"action": "use", "duty": [HIDE]}]
    await city.offers.add_asset("mayor", name="people", title="People", kind="file", settings={}, media_type="text/csv")
    await city.policies.add("mayor", "people", document)
    published = await city.offers.publish(
        "mayor", "people", "people", Outside.REFUSE, await at_once(city.frames), limits
    )
    asked = {**published.document, "target": published.asset, "permission": [{"action": "use", "duty": [HIDE, *more]}]}
    await utility.negotiations.request("jo", city.did, published.asset, asked)
    await asyncio.sleep(5)
    return await city.store.read(lambda view: view.select(Agreement))


LIMITS = """
profile = "urn:allmende:profile:municipal:1"
[[permission]]
action = "use"
[[permission.duty]]
action = "suppress"
field = "name"
"""


@pytest.mark.parametrize("limits", ["", LIMITS])
@pytest.mark.parametrize("name", ["a filter for what is taken away", "how many there are of what is taken away"])
def test_no_contract_comes_of_it(tmp_path: Path, name: str, limits: str) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        assert await _asked(city, utility, ORACLES[name][1], limits=limits) == []

    run(story)


@pytest.mark.parametrize("limits", ["", LIMITS])
def test_who_asks_for_less_gets_less(tmp_path: Path, limits: str) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        [agreement] = await _asked(city, utility, duty("suppress", field="street"), limits=limits)
        assert len(agreement.document["permission"][0]["duty"]) == 2

    run(story)


# --- two duties of one name -------------------------------------------------------------------------------------------

NAMED = [{"@id": "urn:x:duty", **duty("sign")}, {"@id": "urn:x:duty", "action": "compensate"}]


def test_what_is_done_for_one_duty_is_not_done_for_another_of_its_name() -> None:
    signed = (Deed(action=OWN + "sign", duty="urn:x:duty"),)
    access = Access(READ, WHO, "urn:x:data", {}, performed=signed)
    asked = offer(*NAMED)
    assert not compiled(asked).permits(access, 0)
    assert [one.code for one in evaluate(asked, access, 0).reasons] == ["duty.open"]
    paid = (*signed, Deed(action=ODRL + "compensate", duty="urn:x:duty"))
    assert compiled(asked).permits(Access(READ, WHO, "urn:x:data", {}, performed=paid), 0)
    assert evaluate(asked, Access(READ, WHO, "urn:x:data", {}, performed=(Deed(duty="urn:x:duty"),)), 0).permit


async def test_nothing_leaves_before_the_other_one_is_done(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    async with world(tmp_path, under(*NAMED), started(), asset("file", path=str(path))) as made:
        status, _, body = await made.get()
        assert (status, b"duty.open" in body) == (403, True)
        assert [one.event for one in await made.log()][-1] == "access.refused"

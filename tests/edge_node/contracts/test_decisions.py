"""A device decides as its node's gate does, and refuses where it does not know enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings

from certs.status import Bits
from connector.data.agreed import Agreements
from connector.data.gate import AccessRefusedError, Ask
from connector.data.known import Known
from connector.data.readings.orders import Delivery, Orders, Standing, StatusBits
from connector.errors import RefusedError
from connector.protocol import codec
from connector.records import Agreement, Statement
from connector.system import KnownFacts
from edge_node.contracts.decisions import Decisions, Moment, Permit, Refusal
from policies import render
from policies.model import Policy, PolicyError, PolicyKind
from tests.connector.data.world import DATASET, PEER, PID, agreement, asset, count, purpose, started, until, world
from tests.policies.samples import NOW, policies

SECOND, DAY = 10**6, 86_400 * 10**6
THING = asset("file", path="/nowhere")
SURE = Moment(NOW)
LIST = "https://city.example/status/1"


def delivery(document: Any = None, **changes: Any) -> Delivery:
    found = Delivery(
        id=PID,
        agreement="urn:uuid:a",
        consumer=PEER,
        series="air",
        policy=agreement().document if document is None else document,
        url="https://utility.example/inbox/1",
        token="t",
        concluded=0,
    )
    return msgspec.structs.replace(found, **changes)


def orders(*deliveries: Delivery, **changes: Any) -> Orders:
    found = Orders(number=1, node="did:web:c", device="did:web:c:edge:d", issued=NOW - SECOND, deliveries=deliveries)
    return msgspec.structs.replace(found, **changes)


def decide(one: Delivery, moment: Moment = SURE, **changes: Any) -> Permit | Refusal:
    return Decisions().decide(one, orders(one, **changes), moment)


def code(found: Permit | Refusal) -> str:
    return "" if isinstance(found, Permit) else found.code


# --- the same verdict as the gate ----------------------------------------------------------------------------------

RATE = {"leftOperand": "urn:allmende:requestRate", "operator": "lteq", "rightOperand": "2/PT1H"}
CRISIS = {"leftOperand": "urn:allmende:crisisLevel", "operator": "gteq", "rightOperand": "2"}
LISTED: dict[str, tuple[dict[str, Any], ...]] = {
    "free": (),
    "purpose": (purpose(),),
    "two purposes": (purpose(), purpose("https://w3id.org/dpv#Marketing")),
    "over": (until("2020-01-01T00:00:00Z"),),
    "running": (until("2100-01-01T00:00:00Z"),),
    "counted": (count(3),),
    "none left": (count(0),),
    "unknown operand": ({"leftOperand": "moonPhase", "operator": "eq", "rightOperand": "full"},),
    "credential": ({"leftOperand": "urn:allmende:memberOf", "operator": "eq", "rightOperand": "urn:x:region"},),
    "rate": (RATE,),
    "crisis": (CRISIS,),
}


def drawn(most: int) -> list[Policy]:
    """Policies at random, always the same ones."""
    found: list[Policy] = []

    @settings(max_examples=most, database=None, derandomize=True, phases=[Phase.generate], deadline=None)
    @given(policies())
    def collect(policy: Policy) -> None:
        found.append(policy)

    collect()
    return found


def documents() -> list[tuple[str, dict[str, Any]]]:
    made = [(name, agreement(*constraints).document) for name, constraints in LISTED.items()]
    for number, policy in enumerate(drawn(150)):
        whole = msgspec.structs.replace(
            policy, kind=PolicyKind.AGREEMENT, assigner="did:web:city.example", assignee=PEER, target=DATASET,
            timestamp=NOW - DAY,
        )  # fmt: skip
        try:
            made.append((f"drawn {number}", render.to_dsp(whole)))
        except PolicyError:
            continue  # nothing that the protocol carries
    return made


def stored(number: int, document: dict[str, Any]) -> Agreement:
    id = f"urn:uuid:00000000-0000-7000-8000-{number:012d}"
    whole = {**document, "@id": id}
    return msgspec.structs.replace(agreement(id=id), document=whole, hash=codec.digest(whole))


async def test_as_the_gate(tmp_path: Path) -> None:
    verdicts = {True: 0, False: 0}
    async with world(tmp_path, THING, threaded=False) as w:
        w.clock.ahead = NOW - w.clock.now()
        flood = Statement(id="urn:allmende:crisisLevel", values=("2",), stated=0, stated_by="a")
        await w.put(flood)
        known = Known(KnownFacts(w.clock))
        for number, (name, document) in enumerate(documents()):
            one = stored(number, document)
            pid = f"urn:uuid:{number}"
            await w.put(one, started(pid, agreement=one.id))
            try:
                agreed = Agreements().read(one)
            except RefusedError:
                chain, facts = "", {}
            else:
                chain = agreed.chain.digest if agreed.chain is not None else ""
                facts = dict(await w.store.read(lambda view, a=agreed: known.of(view, PEER, a, {}, w.clock.now())))
            try:
                await w.gate.admit(w.gate.credential(pid), pid, Ask(asset=THING, chain=chain, etag='"e"'))
                gate = ""
            except AccessRefusedError as refused:
                gate = refused.reason.code
            told = msgspec.json.decode(
                msgspec.json.encode(delivery(one.document, agreement=one.id, facts=facts, use=1)), type=Delivery
            )
            moment = Moment(w.clock.now())
            found = Decisions().decide(told, orders(told, issued=moment.now - SECOND), moment)
            assert code(found) == gate, name
            verdicts[not gate] += 1
    assert min(verdicts.values()) > 20, verdicts


# --- what a device has to know --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "moment", "code_"),
    [
        ({}, SURE, ""),
        ({"retired": True}, SURE, "orders.retired"),
        ({"stale": 60}, Moment(NOW - SECOND + 60 * SECOND - 1), ""),
        ({"stale": 60}, Moment(NOW - SECOND + 60 * SECOND), "orders.stale"),
        ({}, Moment(NOW, sure=False), "clock.unsure"),
        ({}, Moment(NOW - 3600 * SECOND), "clock.unsure"),
    ],
)
def test_what_orders_carry(changes: dict[str, Any], moment: Moment, code_: str) -> None:
    assert code(decide(delivery(), moment, **changes)) == code_


def test_a_suspended_delivery_waits() -> None:
    assert code(decide(delivery(suspended=True))) == "delivery.suspended"


def test_a_contract_ends_also_while_nobody_can_be_asked() -> None:
    one = delivery(ends=NOW + SECOND)
    assert code(decide(one)) == ""
    assert code(decide(one, Moment(NOW + SECOND))) == "contract.expired"


def test_terms_end_by_themselves() -> None:
    one = delivery(agreement(until("2027-02-01T00:00:00Z")).document)
    assert code(decide(one, stale=10**9)) == ""
    assert code(decide(one, Moment(NOW + 60 * DAY), stale=10**9)) != ""


def test_uses_that_nobody_has_counted_refuse() -> None:
    assert code(decide(delivery(agreement(count(3)).document))) == "delivery.uncounted"
    assert code(decide(delivery(agreement(count(3)).document, use=3))) == ""
    assert code(decide(delivery(agreement(count(3)).document, use=4))) == "count.exhausted"


def test_requests_are_counted_where_their_rate_is_limited() -> None:
    one, decisions = delivery(agreement(RATE).document), Decisions()
    told = []
    for _ in range(3):
        found = decisions.decide(one, orders(one), SURE)
        told.append(code(found))
        if isinstance(found, Permit):
            decisions.asked(one, NOW)
    assert told[:2] == ["", ""]
    assert told[2]
    later = Moment(NOW + 2 * 3600 * SECOND)
    assert code(decisions.decide(one, orders(one), later)) == ""


def test_another_text_under_the_same_id_is_read_anew() -> None:
    decisions = Decisions()
    one = delivery()
    assert code(decisions.decide(one, orders(one), SURE)) == ""
    two = delivery(agreement(until("2020-01-01T00:00:00Z")).document)
    assert code(decisions.decide(two, orders(two), SURE)) != ""


@pytest.mark.parametrize("document", [{}, {"permission": 3}, {"@type": "Agreement", "permission": [{"action": "?"}]}])
def test_what_cannot_be_read_refuses(document: Any) -> None:
    assert code(decide(delivery(document))) != ""


def test_readings_go_home_without_a_contract() -> None:
    assert code(Decisions().home(None)) == ""
    assert code(Decisions().home(orders(retired=True))) == "orders.retired"


# --- status lists ----------------------------------------------------------------------------------------------------


def bits(*revoked: int) -> str:
    made = Bits()
    for index in revoked:
        made.set(index)
    return made.encode()


@pytest.mark.parametrize(
    ("lists", "code_"),
    [
        ({LIST: StatusBits(bits=bits(3), seen=NOW - SECOND)}, ""),
        ({LIST: StatusBits(bits=bits(3, 7), seen=NOW - SECOND)}, "status.revoked"),
        ({}, "status.missing"),
        ({LIST: StatusBits(bits=bits(), seen=NOW - DAY, until=NOW)}, "status.stale"),
        ({LIST: StatusBits(bits=bits(), seen=NOW - DAY, until=NOW + 1)}, ""),
        ({LIST: StatusBits(bits=bits(), seen=NOW - 7 * DAY)}, "status.stale"),
        ({LIST: StatusBits(bits="u!!", seen=NOW)}, "status.unreadable"),
        ({LIST: StatusBits(bits="uAAAA", seen=NOW)}, "status.unreadable"),
    ],
)
def test_what_was_shown_has_to_stand(lists: dict[str, StatusBits], code_: str) -> None:
    one = delivery(standing=(Standing(list=LIST, index=7),))
    assert code(decide(one, lists=lists)) == code_

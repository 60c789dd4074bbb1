"""Could this node use data under published terms?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import credentials, trust
from connector.ports import Transaction
from connector.records import HeldCredential, Statement
from connector.sentences import sentence
from connector.services.usable import MOST_CASES, Aim, Offered, Own, Usability, judge, own_facts, place_of, read
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock
from policies import parse
from policies.evaluate import evaluate
from policies.model import Access, Policy, Reason
from policies.operands import PURPOSE
from policies.vocabulary import READ

XSD = "http://www.w3.org/2001/XMLSchema#"
DPV = "https://w3id.org/dpv#"
OWN = "urn:allmende:"
STATE = "http://dcat-ap.de/def/politicalGeocoding/stateKey/"
NOW = 1_800_000_000_000_000
ME = Own(
    did="did:web:dresden.example",
    place=place_of("14612000"),
    proved={OWN + "memberOf": ("did:web:region.example",)},
)


def constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def typed(value: str, kind: str) -> dict[str, str]:
    return {"@value": value, "@type": XSD + kind}


def iri(value: str) -> dict[str, str]:
    return {"@id": value}


def offer(*constraints: dict[str, Any], duties: tuple[Any, ...] = (), **more: Any) -> bytes:
    permission: dict[str, Any] = {"action": "use"}
    if constraints:
        permission["constraint"] = list(constraints)
    if duties:
        permission["duty"] = list(duties)
    return msgspec.json.encode({"@id": "urn:offer:1", "@type": "Offer", "permission": [permission], **more})


RESEARCH = constraint("purpose", "isA", iri(DPV + "ResearchAndDevelopment"))
USABLE = {
    "free": offer(),
    "for a purpose that we may choose": offer(RESEARCH),
    "from later on": offer(constraint("dateTime", "gteq", typed("2030-06-30", "date"))),
    "until later": offer(constraint("dateTime", "lteq", typed("2030-06-30", "date"))),
    "where we are": offer(constraint("spatial", "isPartOf", iri(STATE + "14"))),
    "for members of our region": offer(
        constraint(OWN + "memberOf", "isAnyOf", ["did:web:other.example", "did:web:region.example"])
    ),
    "at night": offer(constraint(OWN + "hourOfDay", "gteq", typed("22", "integer"))),
    "with a duty": offer(duties=({"action": "attribute"},)),
    "a few times": offer(constraint("count", "lteq", typed("3", "integer"))),
    "at a rate": offer(constraint(OWN + "requestRate", "lteq", "100/PT1H")),
    "on a legal basis": offer(constraint(OWN + "legalBasis", "isA", iri("https://w3id.org/dpv/legal/eu/gdpr#A6-1-e"))),
    "not to be passed on": offer(prohibition=[{"action": "distribute"}]),
    "not commercially": offer(
        prohibition=[{"action": "use", "constraint": [constraint("purpose", "isA", iri(DPV + "CommercialPurpose"))]}]
    ),
    "for us": offer(assignee=ME.did),
}
UNUSABLE = {
    "usable.over": offer(constraint("dateTime", "lteq", typed("2020-06-30", "date"))),
    "usable.place": offer(constraint("spatial", "isPartOf", iri(STATE + "05"))),
    "usable.proof": offer(constraint(OWN + "role", "eq", iri(OWN + "role:utility"))),
    "usable.world": offer(constraint(OWN + "crisisLevel", "gteq", typed("2", "integer"))),
    "usable.unclear": offer(constraint("urn:foreign:operand", "eq", "x")),
    "usable.other_party": offer(assignee="did:web:leipzig.example"),
    "usable.nothing": offer(prohibition=[{"action": "use"}]),
}


@pytest.mark.parametrize("name", USABLE)
def test_what_could_be_used(name: str) -> None:
    assert judge(read(USABLE[name]), ME, Aim(), NOW).usable


@pytest.mark.parametrize("code", UNUSABLE)
def test_what_could_not_be_used_and_why(code: str) -> None:
    found = judge(read(UNUSABLE[code]), ME, Aim(), NOW)
    assert not found.usable
    assert found.why == Reason(code)
    for one in (found.why, *found.reasons):
        assert not sentence(one, "de").startswith(one.code)
        assert "?" not in sentence(one, "en")


def test_a_purpose_that_is_not_permitted() -> None:
    found = judge(read(USABLE["for a purpose that we may choose"]), ME, Aim(purpose=DPV + "CommercialPurpose"), NOW)
    assert found.why == Reason("usable.purpose")
    assert judge(read(USABLE["not commercially"]), ME, Aim(purpose=DPV + "CommercialPurpose"), NOW).why == Reason(
        "usable.prohibited"
    )


def test_a_narrower_purpose_is_within() -> None:
    within = Aim(purpose=DPV + "ScientificResearch")
    assert judge(read(USABLE["for a purpose that we may choose"]), ME, within, NOW).usable


def test_from_when_and_until_when() -> None:
    later = judge(read(USABLE["from later on"]), ME, Aim(), NOW)
    assert later.begins is not None
    assert later.begins > NOW
    assert judge(read(USABLE["free"]), ME, Aim(), NOW).begins is None
    until = judge(read(USABLE["until later"]), ME, Aim(), NOW).ends
    assert until is not None
    assert judge(read(USABLE["until later"]), ME, Aim(), until).why == Reason("usable.over")


def test_another_place_of_use_may_be_said() -> None:
    elsewhere = Aim(place=place_of("05515000"))
    assert judge(read(UNUSABLE["usable.place"]), ME, elsewhere, NOW).usable
    assert not judge(read(USABLE["where we are"]), ME, elsewhere, NOW).usable


def test_what_we_state_of_the_world_the_provider_has_to_state_too() -> None:
    crisis = Own(did=ME.did, stated={OWN + "crisisLevel": ("3",)})
    found = judge(read(UNUSABLE["usable.world"]), crisis, Aim(), NOW)
    assert found.usable
    assert [one.code for one in found.given] == ["usable.provider_states"]


@pytest.mark.parametrize("document", [b"", b"[", b"[]", b"{}", b'"x"', b"\xff", b"[" * 5000, b'{"permission": 1}'])
def test_what_is_no_offer_is_unusable_and_breaks_nothing(document: bytes) -> None:
    assert judge(read(document), ME, Aim(), NOW).why == Reason("usable.unclear")


def test_an_operand_that_nobody_knows_is_never_usable_wherever_it_stands() -> None:
    foreign = constraint("urn:foreign:operand", "eq", "x")
    either = {"or": [RESEARCH, foreign]}
    for document in (
        offer(either),
        offer(duties=({"action": "attribute", "constraint": [foreign]},)),
        offer(prohibition=[{"action": "distribute", "constraint": [foreign]}]),
    ):
        assert judge(read(document), ME, Aim(), NOW).why == Reason("usable.unclear")


def test_terms_with_very_many_cases_are_answered() -> None:
    many = [{"or": [constraint("count", "lteq", typed(str(n + k), "integer")) for k in (1, 2)]} for n in range(14)]
    assert judge(read(offer(*many)), ME, Aim(), NOW).why is not None or MOST_CASES < 2**14


def test_equal_terms_are_judged_once_an_hour_and_for_each_question() -> None:
    usability, one = Usability(), Offered("d", USABLE["for a purpose that we may choose"])
    first = usability.verdicts([one], ME, Aim(), NOW)["d"]
    assert usability.verdicts([Offered("d", b"")], ME, Aim(), NOW + 1)["d"] is first
    assert not usability.verdicts([one], ME, Aim(purpose=DPV + "Marketing"), NOW)["d"].usable
    again = usability.verdicts([one], ME, Aim(), first.stands)["d"]
    assert again is not first
    assert again == msgspec.structs.replace(first, made=first.stands, stands=again.stands)


def test_a_verdict_does_not_outlast_the_terms() -> None:
    end = "2027-01-15T08:20:00Z"
    usability, one = Usability(), Offered("d", offer(constraint("dateTime", "lt", typed(end, "dateTime"))))
    first = usability.verdicts([one], ME, Aim(), NOW)["d"]
    assert first.usable
    assert first.ends is not None
    assert first.stands <= first.ends
    assert not usability.verdicts([one], ME, Aim(), first.ends)["d"].usable


PURPOSES = st.sampled_from([DPV + name for name in ("ResearchAndDevelopment", "ScientificResearch", "Marketing")])


@settings(max_examples=60, deadline=None)
@given(allowed=st.lists(PURPOSES, min_size=1, max_size=3, unique=True), asked=PURPOSES)
def test_for_a_purpose_it_is_as_the_gate_would_judge(allowed: list[str], asked: str) -> None:
    """INVARIANT: usable is what the evaluator permits for the purpose that was named, and nothing else."""
    document = offer(
        {"or": [constraint("purpose", "isA", iri(one)) for one in allowed]}
        if len(allowed) > 1
        else constraint("purpose", "isA", iri(allowed[0]))
    )
    policy = read(document)
    assert isinstance(policy, Policy)
    access = Access(READ, ME.did, "urn:x", {PURPOSE: (asked,)})
    assert judge(policy, ME, Aim(purpose=asked), NOW).usable is evaluate(policy, access, NOW).permit


def test_the_documents_of_this_test_are_read_as_the_wire_is() -> None:
    for document in USABLE.values():
        assert parse.from_dsp(msgspec.json.decode(document)) == read(document)


def held(
    id: str, claims: dict[str, Any], *, kind: str = trust.MEMBERSHIP, ends: int = 10**18, **more: Any
) -> HeldCredential:
    """A credential of a region about us."""
    region = "did:web:region.example"
    token = credentials.issue(
        Ed25519PrivateKey.generate(),
        f"{region}#key",
        issuer=region,
        subject=ME.did,
        id=id,
        kind=kind,
        claims=claims,
        begins=NOW - 10**12,
        ends=NOW + 10**12,
    )
    return HeldCredential(
        id=id, kind=kind, issuer=region, profile="", token=token, received=0, begins=0, ends=ends, **more
    )


async def test_what_this_node_can_show_of_itself(tmp_path: Path) -> None:
    """Of credentials that stand: not of those that are revoked, over, or cannot be read."""
    store = SqliteStore.open(
        tmp_path / "state.db", clock=SystemClock(), sign_head=lambda size, root, at: "head", threaded=False
    )

    def act(tx: Transaction) -> None:
        tx.put(held("urn:c:1", {"municipalityKey": "14612000"}))
        tx.put(held("urn:c:2", {}, kind="UtilityCredential"))
        tx.put(held("urn:c:3", {"municipalityKey": "05515000"}, revoked=1))
        tx.put(held("urn:c:4", {"municipalityKey": "09162000"}, ends=NOW))
        tx.put(msgspec.structs.replace(held("urn:c:5", {}), token="not a credential"))
        tx.put(Statement(id=OWN + "crisisLevel", values=("2",), stated=0, stated_by="anna"))
        tx.put(Statement(id=OWN + "event", values=("urn:x",), stated=0, stated_by="anna", until=NOW))

    await store.write(act)
    proved, stated = await store.read(lambda view: own_facts(view, NOW))
    await store.close()
    assert proved[OWN + "memberOf"] == ("did:web:region.example",)
    assert proved[OWN + "municipalityKey"] == ("14612000",)
    assert {"MembershipCredential", "UtilityCredential"} <= set(proved[OWN + "credentialType"])
    assert stated == {OWN + "crisisLevel": ("2",)}
    members = offer(constraint(OWN + "memberOf", "eq", "did:web:region.example"))
    assert judge(read(members), Own(did=ME.did, proved=proved), Aim(), NOW).usable
    assert not judge(read(members), Own(did=ME.did), Aim(), NOW).usable

"""Tests of certs.trust: every link is needed, more regions never take anything away, no order matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certs import credentials, trust
from certs.trust import (
    CREDENTIAL_FACT,
    MEMBERSHIP,
    MUNICIPALITY_FACT,
    REGION_FACT,
    VOUCHING,
    Anchor,
    Checked,
    Link,
    Verdict,
)
from certs.vcdm import FOREVER, SECOND
from tests.certs.forging import CITY, DAY, NOW, REGION, UTILITY, membership

RECHECK = 300 * SECOND
BORDER = "did:web:border.example"
FAR = "did:web:far.example"
DEVICE = "DeviceCredential"


def checked(issuer: str = REGION, *, read: Mapping[str, Any] | None = None, **given: Any) -> Checked:
    """A credential as it is after everything about it was found in order; `read` changes what it says."""
    claims = {"name": "Stadt", "memberOf": issuer, "municipalityKey": "14612000"}
    token = membership(kid=f"{issuer}#issuer", **{"issuer": issuer, "claims": claims} | dict(read or {}))
    return Checked(**{"credential": credentials.read(token), "revoked": False, "listed": NOW + DAY} | given)


def anchor(issuer: str = REGION, **given: Any) -> Anchor:
    fields: dict[str, Any] = {"name": "Region Elbland", "types": (MEMBERSHIP,), "scopes": ("catalog", "negotiate")}
    return Anchor(**{"issuer": issuer} | fields | given)


def known(*anchors: Anchor) -> dict[str, Anchor]:
    return {one.issuer: one for one in anchors}


def judge(*looked: Checked, anchors: Mapping[str, Anchor] | None = None, did: str = CITY, now: int = NOW) -> Verdict:
    return trust.judge(did, looked, known(anchor()) if anchors is None else anchors, now, RECHECK)


def test_a_membership_of_a_region_that_is_believed_is_trusted_and_told_link_by_link() -> None:
    found = judge(checked())
    assert found.trusted
    assert (found.region, found.scopes, found.reason) == (REGION, ("catalog", "negotiate"), None)
    assert found.facts == {
        REGION_FACT: (REGION,),
        MUNICIPALITY_FACT: ("14612000",),
        CREDENTIAL_FACT: (MEMBERSHIP,),
    }
    assert [(link.what, link.code) for link in found.links] == [
        ("issuer", "trust.issuer"),
        ("type", "trust.type"),
        ("holder", "trust.holder"),
        ("proof", "trust.proof"),
        ("period", "trust.period"),
        ("status", "trust.status"),
        ("membership", "trust.membership"),
    ]
    assert found.links[4].params == {"begins": str(NOW - DAY), "ends": str(NOW + 90 * DAY)}


VOUCHED = known(
    anchor(BORDER, name="Grenzland", voucher=REGION, until=NOW + 2 * DAY), anchor(types=(MEMBERSHIP, VOUCHING))
)


BROKEN: dict[str, tuple[Checked, Mapping[str, Anchor], str]] = {
    # V5: type-scoped
    "issuer": (checked(), {}, "trust.issuer_unknown"),
    "another issuer": (checked(BORDER), known(anchor()), "trust.issuer_unknown"),
    "type": (checked(), known(anchor(types=(DEVICE,))), "trust.type_refused"),
    "no types": (checked(), known(anchor(types=())), "trust.type_refused"),
    # V6: types are compared whole
    "part of a type": (checked(read={"kind": "Membership"}), known(anchor()), "trust.type_refused"),
    "a longer type": (checked(read={"kind": "MembershipCredentialX"}), known(anchor()), "trust.type_refused"),
    "another case": (checked(read={"kind": "membershipcredential"}), known(anchor()), "trust.type_refused"),
    "every credential": (checked(), known(anchor(types=("VerifiableCredential",))), "trust.no_membership"),
    # V3
    "holder": (checked(read={"subject": UTILITY}), known(anchor()), "trust.holder_other"),
    # V4
    "proof": (checked(fault="credential.signature", params={"kid": "x"}), known(anchor()), "credential.signature"),
    # V8
    "ended": (checked(read={"ends": NOW}), known(anchor()), "trust.ended"),
    "not begun": (checked(read={"begins": NOW + DAY}), known(anchor()), "trust.not_begun"),
    "outlives": (checked(certified=NOW + 90 * DAY - 1), known(anchor()), "trust.outlives_certificate"),
    # R1, R3, R7
    "revoked": (checked(revoked=True, purpose="revocation"), known(anchor()), "trust.revoked"),
    "suspended": (checked(revoked=True, purpose="suspension"), known(anchor()), "trust.suspended"),
    "no list": (checked(revoked=None), known(anchor()), "trust.status_unknown"),
    "old list": (checked(listed=NOW), known(anchor()), "trust.status_stale"),
    # nobody makes members for another
    "another's member": (checked(read={"claims": {"memberOf": BORDER}}), known(anchor()), "trust.membership_other"),
    "member of a number": (checked(read={"claims": {"memberOf": 1}}), known(anchor()), "trust.membership_other"),
    # the voucher
    "voucher gone": (checked(BORDER), known(VOUCHED[BORDER]), "trust.voucher_unknown"),
    "voucher not heard": (checked(BORDER), VOUCHED | known(anchor()), "trust.voucher_unknown"),
    "vouching ended": (checked(BORDER), VOUCHED | known(replace(VOUCHED[BORDER], until=NOW)), "trust.voucher_ended"),
    "two steps": (
        checked(FAR),
        VOUCHED | known(anchor(FAR, voucher=BORDER), replace(VOUCHED[BORDER], types=(MEMBERSHIP, VOUCHING))),
        "trust.voucher_unknown",
    ),
    "in a circle": (
        checked(FAR),
        known(anchor(FAR, voucher=BORDER, types=(MEMBERSHIP, VOUCHING)), anchor(BORDER, voucher=FAR)),
        "trust.voucher_unknown",
    ),
    "for itself": (
        checked(FAR),
        known(anchor(FAR, voucher=FAR, types=(MEMBERSHIP, VOUCHING))),
        "trust.voucher_unknown",
    ),
    "not for this type": (
        checked(BORDER),
        VOUCHED | known(anchor(types=(DEVICE, VOUCHING))),
        "trust.type_refused",
    ),
}


@pytest.mark.parametrize(("looked", "anchors", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_without_any_one_link_it_is_refused(looked: Checked, anchors: Mapping[str, Anchor], code: str) -> None:
    found = judge(looked, anchors=anchors)
    assert not found.trusted
    assert found.reason is not None
    assert found.reason.code == code
    assert (found.region, found.facts, found.scopes) == ("", {}, ())
    assert found.until == NOW + RECHECK


def test_the_chains_that_are_broken_above_hold_otherwise() -> None:
    assert judge(checked(BORDER), anchors=VOUCHED).trusted
    assert judge(checked(certified=NOW + 90 * DAY)).trusted
    assert judge(checked(listed=NOW + 1)).trusted


def test_whoever_shows_nothing_is_refused() -> None:
    """V7."""
    found = judge()
    assert (found.trusted, found.reason) == (False, Link("credentials", False, "trust.no_credentials", {"did": CITY}))
    assert found.links == (found.reason,)
    other = judge(checked(read={"kind": DEVICE}), anchors=known(anchor(types=(DEVICE, MEMBERSHIP))))
    assert other.reason is not None
    assert other.reason.code == "trust.no_membership"


def test_nothing_that_a_stranger_signs_is_looked_at_any_further() -> None:
    found = judge(checked(fault="credential.key"), anchors={})
    assert [(link.what, link.code) for link in found.links] == [("issuer", "trust.issuer_unknown")]


def test_nobody_asks_a_list_about_what_is_not_genuine() -> None:
    found = judge(checked(fault="credential.signature", revoked=None))
    assert [link.what for link in found.links if not link.ok] == ["proof"]
    assert "status" not in {link.what for link in found.links}


def test_what_is_no_membership_is_not_judged_as_one() -> None:
    device = checked(read={"kind": DEVICE, "claims": {"memberOf": BORDER}})
    found = judge(device, anchors=known(anchor(types=(DEVICE,))))
    assert all(link.ok for link in found.links)
    assert "membership" not in {link.what for link in found.links}
    assert not found.trusted


def test_another_clock_may_be_a_minute_ahead() -> None:
    assert judge(checked(read={"begins": NOW + 60 * SECOND})).trusted
    assert not judge(checked(read={"begins": NOW + 61 * SECOND})).trusted


def test_a_verdict_lasts_until_the_earliest_end_in_it() -> None:
    assert judge(checked()).until == NOW + RECHECK
    assert judge(checked(listed=NOW + 5)).until == NOW + 5
    assert judge(checked(read={"ends": NOW + SECOND})).until == NOW + SECOND
    short = VOUCHED | known(replace(VOUCHED[BORDER], until=NOW + 7))
    assert judge(checked(BORDER), anchors=short).until == NOW + 7


def test_what_names_no_list_cannot_be_revoked() -> None:
    found = judge(checked(read={"status": []}, revoked=None, listed=FOREVER))
    assert found.trusted
    assert "trust.status_none" in {link.code for link in found.links}


def test_who_was_a_member_before_memberships_named_their_region_still_is() -> None:
    assert judge(checked(read={"claims": {"name": "Stadt"}})).facts == {
        REGION_FACT: (REGION,),
        CREDENTIAL_FACT: (MEMBERSHIP,),
    }


def test_a_broken_credential_beside_a_good_one_takes_nothing_away_and_adds_nothing() -> None:
    bad = checked(BORDER, read={"claims": {"memberOf": BORDER, "municipalityKey": "99"}}, revoked=True)
    found = judge(checked(), bad, anchors=known(anchor(), anchor(BORDER, scopes=("everything",))))
    alone = judge(checked())
    assert (found.trusted, found.facts, found.scopes, found.until) == (True, alone.facts, alone.scopes, alone.until)
    assert "trust.revoked" in {link.code for link in found.links}, "and it is told"


def test_several_regions_each_for_what_it_is_believed_for() -> None:
    device = checked(BORDER, read={"kind": DEVICE, "id": "urn:uuid:device", "claims": {"municipalityKey": "99"}})
    found = judge(
        checked(), device, anchors=known(anchor(scopes=("catalog",)), anchor(BORDER, types=(DEVICE,), scopes=("x",)))
    )
    assert found.facts == {
        REGION_FACT: (REGION,),
        MUNICIPALITY_FACT: ("14612000",),
        CREDENTIAL_FACT: (DEVICE, MEMBERSHIP),
    }
    assert found.scopes == ("catalog",), "scopes come from memberships"


def test_a_town_on_the_border_is_a_member_of_both() -> None:
    found = judge(checked(), checked(BORDER), anchors=known(anchor(scopes=("a",)), anchor(BORDER, scopes=("b",))))
    assert found.facts[REGION_FACT] == (BORDER, REGION)
    assert found.scopes == ("a", "b")


def test_the_region_that_an_operator_chose_is_named_before_one_that_is_vouched_for() -> None:
    assert judge(checked(), checked(BORDER), anchors=VOUCHED).region == REGION
    assert judge(checked(BORDER), anchors=VOUCHED).region == BORDER


def test_a_region_that_is_vouched_for_has_no_more_than_its_voucher() -> None:
    wide = VOUCHED | known(anchor(BORDER, voucher=REGION, scopes=("catalog", "everything"), types=(MEMBERSHIP, DEVICE)))
    assert judge(checked(BORDER), anchors=wide).scopes == ("catalog",)
    assert not judge(checked(BORDER, read={"kind": DEVICE}), anchors=wide).trusted


# --- one region's word about another ----------------------------------------------------------------------------------


def word(*, read: Mapping[str, Any] | None = None, **given: Any) -> Checked:
    claims = {"name": "Grenzland", "types": [MEMBERSHIP, VOUCHING, DEVICE], "scopes": ["catalog", "everything"]}
    return checked(read={"kind": VOUCHING, "subject": BORDER, "claims": claims} | dict(read or {}), **given)


HEARD = known(anchor(types=(MEMBERSHIP, VOUCHING)))


def test_a_word_about_another_region_makes_it_believed_for_no_more_than_its_voucher() -> None:
    found, links = trust.vouched(word(), HEARD, NOW)
    assert found == Anchor(
        issuer=BORDER,
        name="Grenzland",
        types=(MEMBERSHIP,),
        scopes=("catalog",),
        voucher=REGION,
        until=NOW + DAY,
    )
    assert all(link.ok for link in links)
    assert judge(checked(BORDER), anchors=HEARD | known(found)).trusted


@pytest.mark.parametrize(
    ("said", "anchors"),
    [
        (word(), {}),
        (word(), known(anchor())),
        (word(), known(anchor(types=(MEMBERSHIP, VOUCHING), voucher=BORDER))),
        (word(read={"kind": MEMBERSHIP}), HEARD),
        (word(read={"ends": NOW}), HEARD),
        (word(revoked=True), HEARD),
        (word(revoked=None), HEARD),
        (word(fault="credential.signature"), HEARD),
    ],
    ids=["stranger", "not heard", "itself vouched for", "another kind", "ended", "revoked", "no list", "not signed"],
)
def test_a_word_that_is_not_whole_makes_nobody_believed(said: Checked, anchors: Mapping[str, Anchor]) -> None:
    found, links = trust.vouched(said, anchors, NOW)
    assert found is None
    assert links


@pytest.mark.parametrize("value", [None, "MembershipCredential", [1, None, ["x"]], {}])
def test_a_word_whose_claims_are_of_another_form_gives_nothing(value: Any) -> None:
    found, _ = trust.vouched(word(read={"claims": {"types": value, "scopes": value, "name": 1}}), HEARD, NOW)
    assert found is not None
    assert (found.types, found.scopes, found.name) == ((), (), BORDER)


# --- laws -------------------------------------------------------------------------------------------------------------

ISSUERS = (REGION, BORDER, FAR)
POOL = [
    checked(issuer, read={"kind": kind, "id": f"urn:uuid:{issuer}-{kind}-{number}"} | read, **state)
    for issuer in ISSUERS
    for kind in (MEMBERSHIP, DEVICE)
    for number, (read, state) in enumerate(
        [({}, {}), ({}, {"revoked": True}), ({"ends": NOW}, {}), ({"subject": UTILITY}, {}), ({}, {"listed": NOW + 9})]
    )
]
types = st.lists(st.sampled_from([MEMBERSHIP, DEVICE, VOUCHING]), unique=True).map(tuple)
scopes = st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple)
anchors = st.builds(
    Anchor,
    issuer=st.sampled_from(ISSUERS),
    name=st.just("x"),
    types=types,
    scopes=scopes,
    voucher=st.sampled_from(["", "", *ISSUERS]),
    until=st.sampled_from([NOW, NOW + 3, FOREVER]),
)
shown = st.lists(st.sampled_from(POOL), unique_by=lambda one: one.credential.id, max_size=6)


@given(shown, st.lists(anchors, max_size=4), anchors)
def test_believing_one_more_region_never_takes_anything_away(
    looked: list[Checked], believed: list[Anchor], more: Anchor
) -> None:
    before = known(*believed)
    if more.issuer in before:
        return
    fewer, wider = judge(*looked, anchors=before), judge(*looked, anchors=before | known(more))
    assert fewer.trusted <= wider.trusted
    assert set(fewer.scopes) <= set(wider.scopes)
    for iri, values in fewer.facts.items():
        assert set(values) <= set(wider.facts[iri])


@given(st.data(), shown, st.lists(anchors, max_size=4))
def test_no_order_matters(data: st.DataObject, looked: list[Checked], believed: list[Anchor]) -> None:
    before = known(*believed)
    mixed = data.draw(st.permutations(looked))
    turned = dict(data.draw(st.permutations(list(before.items()))))
    assert judge(*looked, anchors=before) == judge(*mixed, anchors=turned)


@given(shown, st.lists(anchors, max_size=4))
def test_whoever_is_trusted_has_a_whole_chain_and_without_its_region_is_not_by_it(
    looked: list[Checked], believed: list[Anchor]
) -> None:
    before = known(*believed)
    found = judge(*looked, anchors=before)
    assert NOW < found.until <= NOW + RECHECK
    assert found.trusted is (found.reason is None)
    if not found.trusted:
        assert not any((found.region, found.facts, found.scopes))
        return
    without = {issuer: one for issuer, one in before.items() if issuer != found.region}
    assert found.region not in judge(*looked, anchors=without).facts.get(REGION_FACT, ())
    alone = [one for one in looked if one.credential.issuer == found.region]
    assert judge(*alone, anchors=before).region == found.region


@given(shown, st.lists(anchors, max_size=4), shown)
def test_what_is_shown_beside_never_takes_trust_away(
    looked: list[Checked], believed: list[Anchor], more: list[Checked]
) -> None:
    both = {one.credential.id: one for one in [*looked, *more]}
    before = known(*believed)
    assert judge(*looked, anchors=before).trusted <= judge(*both.values(), anchors=before).trusted


def test_the_examples_reach_both_verdicts() -> None:
    assert {judge(one, anchors=known(anchor())).trusted for one in POOL} == {True, False}

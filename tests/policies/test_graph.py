"""Covers policies/graph.py: policies as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from policies.compact import to_nodes
from policies.model import ODRL, PolicyKind, RuleKind, Strategy
from policies.vocabulary import MUNICIPAL, USE
from tests.policies.full import document, one, refused, several

DCT = "http://purl.org/dc/terms/"
READ = {"action": "read"}
OTHER = {"@id": "urn:example:other", "@type": "Set", "profile": MUNICIPAL, "permission": [READ]}


def graph(*nodes: Any) -> dict[str, Any]:
    return {"@graph": list(nodes)}


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("Offer", PolicyKind.OFFER),
        ("Policy", PolicyKind.SET),
        (["Policy", "Agreement"], PolicyKind.AGREEMENT),
        (["Set", "Ticket"], PolicyKind.TICKET),
        (None, PolicyKind.SET),
    ],
)
def test_the_class_of_a_policy(kind: Any, read: PolicyKind) -> None:
    assert one(document(**{"@type": kind})).kind is read


@pytest.mark.parametrize(
    ("more", "code", "place"),
    [
        ({"@type": ["Offer", "Agreement"]}, "policy.types", ""),
        ({"@type": ["Offer", "Contract"]}, "policy.type", "/@type/1"),
        ({"@type": "Offre"}, "policy.type", "/@type"),
        ({"@id": None}, "term.missing", ""),
        ({"permission": None}, "rules.missing", ""),
        ({"profile": "urn:example:profile"}, "profile.unknown", "/profile"),
        ({"conflict": "odrl:maybe"}, "conflict.unknown", "/conflict"),
        ({"constraint": []}, None, ""),
        (
            {"constraint": [{"leftOperand": "count", "operator": "eq", "rightOperand": 1}]},
            "term.unknown",
            "/constraint",
        ),
        ({"dspace:timestamp": "yesterday"}, "value.unreadable", "/dspace:timestamp"),
        ({"inheritFrom": "urn:example:parent"}, "inherit.missing", ""),
        ({"inheritFrom": "urn:example:policy"}, "inherit.circular", ""),
        ({f"{DCT}isReplacedBy": {"@id": "urn:x:y"}}, "policy.replaced", f"/{DCT.replace('/', '~1')}isReplacedBy"),
        ({"urn:example:term": "x"}, "term.unknown", "/urn:example:term"),
        ({"odrl:description": "x"}, "term.unknown", "/odrl:description"),
    ],
)
def test_what_is_not_understood_of_a_policy_refuses_it(more: dict[str, Any], code: str | None, place: str) -> None:
    if code is None:
        code, place = "term.unknown", "/constraint"
    assert refused(document(**more)) == (code, place)


def test_a_document_without_a_policy_is_refused() -> None:
    assert refused({"@id": "urn:x", "@type": "Asset"}) == ("policy.missing", "")


@pytest.mark.parametrize(
    ("profile", "stated", "read"),
    [
        (MUNICIPAL, None, None),
        ("https://w3id.org/dspace/2025/1/odrl-profile.jsonld", None, None),
        (ODRL, None, Strategy.INVALID),
        (None, None, Strategy.INVALID),
        (ODRL, "prohibit", Strategy.PROHIBIT),
        (MUNICIPAL, "perm", Strategy.PERM),
    ],
)
def test_without_a_strategy_a_policy_is_void_in_conflict_unless_its_profile_says_otherwise(
    profile: str | None, stated: str | None, read: Strategy | None
) -> None:
    assert one(document(profile=profile, conflict=stated)).conflict is read


@pytest.mark.parametrize(
    ("term", "more"),
    [
        ("read", {"permission": [READ]}),
        (
            "count",
            {
                "permission": [
                    {"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": 3}]}
                ]
            },
        ),
        ("Ticket", {"@type": "Ticket"}),
        ("informedParty", {"permission": [{"action": "use", "informedParty": "urn:x:y"}]}),
    ],
)
@pytest.mark.parametrize("profile", [None, ODRL + "core"])
def test_a_term_outside_the_core_needs_a_profile(term: str, more: dict[str, Any], profile: str | None) -> None:
    code, _ = refused(document(profile=profile, **more))
    assert code == "profile.missing"
    assert one(document(profile=ODRL, **more))
    assert one(document(profile=profile, **more), lenient=True)


def test_core_terms_need_no_profile() -> None:
    assert one(document(profile=None)).profile == ()


def test_a_successor_in_the_document_counts_in_the_place_of_what_it_replaces() -> None:
    old = document(**{"dct:isReplacedBy": {"@id": OTHER["@id"]}})
    assert [policy.id for policy in several(graph(old, OTHER))] == [OTHER["@id"]]


def test_an_heir_has_the_rules_of_its_parent_wherever_that_is() -> None:
    heir = document(inheritFrom=OTHER["@id"])
    found, parent = several(graph(heir, OTHER))
    assert [rule.action for rule in found.rules] == [USE, ODRL + "read"]
    assert found.inherits == (parent.id,)
    asked: list[str] = []
    away = one(heir, lookup=lambda iri: asked.append(iri) or to_nodes(OTHER))
    assert away.rules[0].action == USE and len(away.rules) == 2
    assert asked == [OTHER["@id"]]


def test_a_parent_from_elsewhere_says_nothing_about_what_is_here() -> None:
    heir = document(inheritFrom=OTHER["@id"], target="urn:example:mine")
    foreign = graph(OTHER, {"@id": "urn:example:policy", "@type": "Set", "permission": [{"action": "delete"}]})
    found = one(heir, lookup=lambda _: to_nodes(foreign))
    assert [rule.action for rule in found.rules] == [USE, ODRL + "read"]


def test_assets_and_parties_may_say_themselves_that_it_is_theirs() -> None:
    found = one(
        graph(
            document(),
            {"@id": "urn:x:asset", "hasPolicy": "urn:example:policy"},
            {"@id": "urn:x:giver", "assignerOf": "urn:example:policy"},
            {"@id": "urn:x:taker", "assigneeOf": "urn:example:policy"},
        )
    )
    assert (found.target, found.assigner, found.assignee) == ("urn:x:asset", "urn:x:giver", "urn:x:taker")


def test_rules_without_a_policy_are_a_set_each() -> None:
    rules = (
        {"@id": "urn:x:may", "@type": "Permission", "action": "use"},
        {"@id": "urn:x:not", "@type": "Prohibition", "action": "transfer"},
    )
    found = several(graph(*rules))
    assert [(policy.id, policy.kind, policy.rules[0].kind) for policy in found] == [
        ("urn:x:may", PolicyKind.SET, RuleKind.PERMISSION),
        ("urn:x:not", PolicyKind.SET, RuleKind.PROHIBITION),
    ]


def test_constraints_alone_are_read_in_a_lenient_reading_only() -> None:
    alone = {"@id": "urn:x:c", "@type": "Constraint", "leftOperand": "count", "operator": "lteq", "rightOperand": 3}
    assert refused(alone) == ("policy.missing", "")
    found = one(alone, lenient=True)
    assert {rule.action for rule in found.rules} == {USE, ODRL + "transfer"}
    assert {rule.constraints[0].id for rule in found.rules} == {"urn:x:c"}


def test_words_for_people_are_kept_and_have_no_effect() -> None:
    found = one(
        document(
            **{
                "dct:title": [{"@value": "Zählung", "@language": "de"}, "counts"],
                "dct:source": {"@id": "urn:x:source"},
                "dct:issued": {"@value": "2027-01-01", "@type": "xsd:date"},
            }
        )
    )
    assert dict(found.remarks) == {
        f"{DCT}title@de": "Zählung",
        f"{DCT}title": "counts",
        f"{DCT}source@id": "urn:x:source",
        f"{DCT}issued^^http://www.w3.org/2001/XMLSchema#date": "2027-01-01",
    }


def test_a_notice_period_is_a_part_of_the_policy() -> None:
    period = {"leftOperand": "urn:allmende:noticePeriod", "operator": "eq", "rightOperand": "P30D"}
    found = one(document(permission=[{"action": "use", "constraint": [period]}]))
    assert (found.notice, found.rules[0].constraints) == ("P30D", ())
    unclear = document(permission=[{"action": "use", "constraint": [period]}, {"action": "read"}])
    assert refused(unclear)[0] == "notice.unclear"
    assert refused(document(prohibition=[{"action": "use", "constraint": [period]}]))[0] == "notice.unclear"


def test_labels_follow_the_document() -> None:
    found = one(
        document(
            prohibition=[{"action": "read"}],
            permission=[{"action": "use", "duty": [{"action": "inform"}]}, {"@id": "urn:x:rule", "action": "use"}],
        )
    )
    assert [rule.id for rule in found.rules] == ["_:b0", "urn:x:rule", "_:b2"]
    assert found.rules[0].duties[0].id == "_:b1"

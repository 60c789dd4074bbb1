"""connector/cli/policy/living.py, keeping.py and connector/cli/states.py: what is sent to a node and what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.connector.cli.api import Api, problem
from tests.connector.cli.conftest import Types
from tests.connector.cli.policy.town import TRAFFIC

AT = 1_800_000_000_000_000
DRAFT: dict[str, Any] = {
    "id": "traffic@2",
    "name": "traffic",
    "version": 2,
    "document": {"@type": "Offer"},
    "sentences": ["Permission 1: use."],
    "created": AT,
    "created_by": "anna",
    "state": "draft",
    "digest": "d" * 64,
    "template": "ml-1-3@1",
    "reason": "council",
    "needs": 2,
    "approvals": [{"operator": "jo", "at": AT, "reason": ""}],
    "signature": "",
    "genuine": None,
    "signed": None,
    "signed_by": "",
    "retired": None,
    "retired_by": "",
}
SIGNED = {
    **DRAFT,
    "state": "signed",
    "needs": 1,
    "signature": "a.b.c",
    "genuine": True,
    "signed": AT,
    "signed_by": "mia",
}
STATED = {
    "operand": "urn:allmende:crisisLevel",
    "values": ["2"],
    "stated": AT,
    "stated_by": "anna",
    "until": None,
    "reason": "flood",
    "holds": True,
}


def test_a_draft_says_how_many_are_missing_and_what_to_type(api: Api, types: Types) -> None:
    Path("t.toml").write_text(TRAFFIC)
    api.answers["POST /v1/policies"] = (201, DRAFT)
    line = ("policy", "add", "traffic", "--file", "t.toml", "--reason", "council", "--with-offers")
    said = types(*line)
    assert "1 more has to approve it: allmende policy approve traffic@2" in said.out
    body = api.asked[-1].body
    assert (body["name"], body["reason"], body["offers"]) == ("traffic", "council", True)
    assert body["document"]["permission"][0]["action"] == "use"
    assert "eine weitere Person muss zustimmen" in types(*line, "--lang", "de").out


def test_the_template_of_a_file_goes_along(api: Api, types: Types) -> None:
    assert types("policy", "new", "--template", "ml-1-3", "--defaults").status == 0
    api.answers["POST /v1/policies"] = (201, DRAFT)
    assert types("policy", "add", "traffic", "--file", "ml-1-3.toml").status == 0
    assert api.asked[-1].body["template"].startswith("ml-1-3@")


@pytest.mark.parametrize(
    ("command", "more", "body"),
    [
        ("approve", (), {"reason": ""}),
        ("sign", ("--reason", "council"), {"reason": "council"}),
        ("retire", ("--with-offers",), {"reason": "", "offers": True}),
    ],
)
def test_an_act_is_sent_and_what_became_of_it_is_shown(
    api: Api, types: Types, command: str, more: tuple[str, ...], body: dict[str, Any]
) -> None:
    api.answers[f"POST /v1/policies/traffic%402/{command}"] = SIGNED
    said = types("policy", command, "traffic@2", *more)
    assert api.asked[-1].body == body
    assert ("by mia" in said.out, "genuine, over just this text" in said.out) == (True, True)
    german = types("policy", command, "traffic@2", *more, "--lang", "de").out
    assert ("unterschrieben" in german, "echt, über genau diesen Text" in german) == (True, True)
    assert types("policy", command, "traffic@2", *more, "--json").json == SIGNED


def test_the_history_and_a_version_say_whether_the_signature_is_genuine(api: Api, types: Types) -> None:
    forged = {**SIGNED, "id": "traffic@1", "genuine": False, "offers": 3}
    api.answers["GET /v1/policies/traffic/history"] = {"name": "traffic", "versions": [forged, {**DRAFT, "offers": 0}]}
    said = types("policy", "history", "traffic").out
    assert ("NOT over this text" in said, "draft" in said, "jo" in said) == (True, True, True)
    api.answers["GET /v1/policies/traffic"] = SIGNED
    shown = types("policy", "show", "traffic").out
    assert ("genuine, over just this text" in shown, "ml-1-3@1" in shown) == (True, True)


def test_coverage_shows_what_was_true_and_false(api: Api, types: Types) -> None:
    hit = {"rule": "permission/0", "constraint": "count lteq 3", "held": 7, "failed": 1, "unknown": 0}
    found = {"policy": "traffic@2", "since": AT, "accesses": 8, "left_out": 0, "hits": [hit]}
    api.answers["GET /v1/policies/traffic/coverage"] = found
    assert "satisfied  not satisfied  unknown" in types("policy", "coverage", "traffic").out
    german = types("policy", "coverage", "traffic", "--lang", "de").out
    assert "erfüllt  nicht erfüllt  unbekannt" in german
    assert "Erlaubnis 1  Nutzungen: höchstens 3" in german
    assert types("policy", "coverage", "traffic", "--json").json == found


def test_what_operators_state(api: Api, types: Types) -> None:
    api.answers["POST /v1/statements"] = (201, STATED)
    said = types("state", "set", "crisisLevel", "2", "--until", "2027-02-01", "--reason", "flood", "--lang", "de")
    assert api.asked[-1].body == {"operand": "crisisLevel", "values": ["2"], "until": "2027-02-01", "reason": "flood"}
    assert "Von nun an: Krisenstufe (crisisLevel) 2" in said.out
    api.answers["GET /v1/statements"] = {"items": [STATED], "next": None}
    assert "flood" in types("state", "list").out
    api.answers["DELETE /v1/statements/crisisLevel"] = (204, None)
    assert types("state", "clear", "crisisLevel", "--json").json == {"cleared": "crisisLevel"}


@pytest.mark.parametrize(
    "line",
    [("policy", "list"), ("policy", "history", "x"), ("policy", "conflicts"), ("state", "set", "crisisLevel", "1")],
)
def test_no_node_and_a_wrong_credential_are_one_sentence(
    api: Api, types: Types, line: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("GET /v1/policies", "GET /v1/policies/x/history", "GET /v1/offers", "POST /v1/statements"):
        api.answers[key] = (401, problem("operator.unknown", "This credential is not known."))
    said = types(*line)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("allmende: This credential is not known.")
    monkeypatch.setenv("ALLMENDE_NODE", "http://127.0.0.1:9")
    assert types(*line, "--json").json["error"]["code"]
    monkeypatch.delenv("ALLMENDE_NODE")
    assert types(*line).status == 1


def test_names_of_templates_are_completed() -> None:
    import click

    from connector.cli.policy.drafting import TEMPLATE, new

    found = TEMPLATE.shell_complete(click.Context(new), new.params[0], "ml-")
    assert "ml-1-3" in [one.value for one in found]

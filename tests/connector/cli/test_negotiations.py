"""Asking, waiting until somebody has to do something, answering."""

from __future__ import annotations

import pytest

from tests.connector.cli.api import Api, negotiation
from tests.connector.cli.conftest import Types

ID = negotiation()["id"].replace(":", "%3A")
TREES = "https://neighbour.example/datasets/trees"
POLL = f"GET /v1/negotiations/{ID}?wait=20.0&version="
REASON = {"code": "until.later", "params": {}, "sentence": "Until 2031 was asked."}


def test_terms_are_sent_in_the_short_form(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations"] = (201, negotiation())
    said = types(
        *("negotiate", "neighbour", TREES, "--purpose", "A", "--purpose", "B", "--from", "2027-01-01"),
        *("--until", "2027-12-31", "--count", "3", "--spatial", "05515000", "--offer", "urn:o", "--json"),
    )
    assert said.json["state"] == "REQUESTED"
    assert api.asked[0].body == {
        "peer": "neighbour",
        "dataset": TREES,
        "offer": "urn:o",
        "terms": {
            "purposes": ["A", "B"],
            "spatial": ["05515000"],
            "not_before": "2027-01-01",
            "until": "2027-12-31",
            "count": 3,
        },
    }


def test_without_terms_the_offer_is_taken_as_it_stands(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations"] = (201, negotiation())
    assert types("negotiate", "neighbour", TREES).status == 0
    assert api.asked[0].body == {"peer": "neighbour", "dataset": TREES}


def test_waiting_for_a_contract(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations"] = (201, negotiation(pending="request", state=None))
    api.answers[POLL + "1"] = negotiation(version=4, state="AGREED", pending="verify")
    api.answers[POLL + "4"] = negotiation(version=6, state="FINALIZED", contract="urn:uuid:c")
    said = types("negotiate", "neighbour", TREES, "--wait")
    assert said.status == 0
    assert "urn:uuid:c" in said.out
    assert said.err == "AGREED ...\nFINALIZED ...\n"


@pytest.mark.parametrize(
    ("end", "code", "sentence"),
    [
        ({"state": "TERMINATED", "reason": REASON}, "until.later", "No contract: Until 2031 was asked."),
        ({"state": "TERMINATED"}, "negotiation.terminated", "no reason was given"),
        ({"state": "OFFERED"}, "negotiation.offered", "allmende negotiation accept aaaabbbb"),
        ({"state": "REQUESTED", "role": "provider"}, "negotiation.requested", "allmende negotiation agree aaaabbbb"),
    ],
)
def test_waiting_ends_without_a_contract(
    api: Api, types: Types, end: dict[str, object], code: str, sentence: str
) -> None:
    api.answers[f"GET /v1/negotiations/{ID}"] = negotiation(**end)
    said = types("negotiation", "show", negotiation()["id"], "--wait")
    assert said.status == 1
    assert sentence in said.err
    failed = types("negotiation", "show", negotiation()["id"], "--wait", "--json").json
    assert failed["error"]["code"] == code
    assert failed["id"] == negotiation()["id"]


def test_patience_has_an_end(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations"] = (201, negotiation())
    said = types("negotiate", "neighbour", TREES, "--wait", "--timeout", "0")
    assert said.status == 1
    assert "the node goes on with it" in said.err


def test_differences_are_shown_in_words(api: Api, types: Types) -> None:
    differences = [{"reason": REASON, "asked": "a", "offered": "b"}]
    api.answers["GET /v1/negotiations/aaaabbbb"] = negotiation(state="OFFERED", differences=differences)
    said = types("negotiation", "show", "aaaabbbb")
    assert "What lies between the two sides\n  - Until 2031 was asked." in said.out


@pytest.mark.parametrize("command", ["accept", "agree", "terminate"])
def test_commands(api: Api, types: Types, command: str) -> None:
    api.answers[f"POST /v1/negotiations/aaaabbbb/{command}"] = negotiation()
    assert types("negotiation", command, "aaaabbbb").status == 0
    assert types("negotiation", command, "deadbeef").status == 1


def test_a_counter_needs_terms(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations/aaaabbbb/counter"] = negotiation()
    assert types("negotiation", "counter", "aaaabbbb", "--count", "2").status == 0
    assert api.asked[0].body == {"terms": {"count": 2}}
    assert types("negotiation", "counter", "aaaabbbb").status == 2


def test_list(api: Api, types: Types) -> None:
    api.answers["GET /v1/negotiations?state=OFFERED&role=consumer"] = {"items": [negotiation()], "next": None}
    said = types("negotiation", "list", "--state", "OFFERED", "--role", "consumer")
    assert said.out.splitlines()[1].startswith("aaaabbbb     neighbour  consumer  REQUESTED")
    api.answers["GET /v1/negotiations"] = {"items": [], "next": None}
    assert types("negotiation", "list").out == "No negotiations.\n"
    assert types("negotiation", "list", "--json").json == []


def test_ctrl_c_while_waiting_says_that_the_negotiation_goes_on(
    api: Api, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    api.answers["POST /v1/negotiations"] = (201, negotiation())
    monkeypatch.setattr("connector.cli.negotiations._get", stop)
    said = types("negotiate", "neighbour", TREES, "--wait", "--json")
    assert (said.status, said.json["error"]["code"], said.json["id"]) == (1, "stopped", negotiation()["id"])
    for command in ("show", "terminate"):
        assert f"allmende negotiation {command} aaaabbbb" in said.err

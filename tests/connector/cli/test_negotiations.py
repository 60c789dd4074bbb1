"""Asking, waiting until somebody has to do something, answering."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connector.cli.api import Api, negotiation, waiting
from tests.connector.cli.conftest import Types

ID = negotiation()["id"].replace(":", "%3A")
TREES = "https://neighbour.example/datasets/trees"
POLL = f"GET /v1/negotiations/{ID}?wait=2.0&version="
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


def test_a_file_says_all_that_is_wanted(api: Api, types: Types) -> None:
    rule = 'policy = "urn:x:wish"\ntitle = "Wunsch"\n[[permission]]\naction = "use"\nretentionPeriod.lteq = "P180D"\n'
    Path("wish.toml").write_text(rule)
    api.answers["POST /v1/negotiations"] = (201, negotiation())
    assert types("negotiate", "neighbour", TREES, "--file", "wish.toml").status == 0
    assert sorted(api.asked[0].body) == ["dataset", "document", "peer"]
    assert "P180D" in str(api.asked[0].body["document"])
    api.answers[f"POST /v1/negotiations/{ID}/counter"] = negotiation()
    assert types("negotiation", "counter", negotiation()["id"], "--file", "wish.toml").status == 0
    assert api.asked[-1].body["document"] == api.asked[0].body["document"]
    both = types("negotiate", "neighbour", TREES, "--file", "wish.toml", "--count", "3")
    assert (both.status, len(api.asked)) == (2, 2)


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
        (
            {"state": "OFFERED", "waiting": waiting(ask="accept")},
            "negotiation.offered",
            "Somebody here has to agree. Say yes with: allmende negotiation approve aaaabbbb --seen 1",
        ),
        (
            {"role": "provider", "waiting": waiting()},
            "negotiation.waiting",
            "allmende negotiation approve aaaabbbb --seen 1",
        ),
        (
            {"waiting": waiting(whom="peer", sentence="At neighbour people decide.")},
            "negotiation.waiting",
            "At neighbour people decide. The node goes on with it",
        ),
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


def test_who_decides_is_shown(api: Api, types: Types) -> None:
    said_before = {"role": "consumer", "at": 0, "sentences": ["30 uses."], "current": False}
    said_now = {"role": "provider", "at": 1, "sentences": ["3 uses."], "current": True}
    api.answers["GET /v1/negotiations/aaaabbbb"] = negotiation(
        waiting=waiting(), terms=["3 uses."], rounds=[said_before, said_now]
    )
    shown = types("negotiation", "show", "aaaabbbb").out
    for line in (
        "who may      jo",
        "drafted by   maria",
        "On the table\n  - 3 uses.",
        "the consumer said (replaced since)",
    ):
        assert line in shown
    assert "agreed       anna (" in shown


def test_the_inbox_begins_with_what_is_ours_to_decide(api: Api, types: Types) -> None:
    items = [
        negotiation(id="urn:uuid:0190-1111", waiting=waiting(whom="peer", until=None, needed=None)),
        negotiation(id="urn:uuid:0190-2222", waiting=waiting(until=1_800_000_000_000_000)),
        negotiation(id="urn:uuid:0190-3333", waiting=waiting()),
    ]
    api.answers["GET /v1/negotiations?waiting=true"] = {"items": items, "next": None}
    lines = types("negotiation", "list", "--waiting").out.splitlines()
    assert [line.split()[0][-4:] for line in lines[1:]] == ["3333", "2222", "1111"]
    assert "people here" in lines[1]
    assert "1 of 2" in lines[1]


def test_deciding(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations/aaaabbbb/approve"] = negotiation()
    api.answers["POST /v1/negotiations/aaaabbbb/decline"] = negotiation()
    assert types("negotiation", "approve", "aaaabbbb", "--seen", "3", "--reason", "fine").status == 0
    assert types("negotiation", "decline", "aaaabbbb", "--reason", "no").status == 0
    assert [asked.body for asked in api.asked] == [{"version": 3, "reason": "fine"}, {"reason": "no"}]
    assert types("negotiation", "decline", "aaaabbbb").status == 2
    assert types("negotiation", "approve", "deadbeef").status == 1


def test_a_counter_needs_terms(api: Api, types: Types) -> None:
    api.answers["POST /v1/negotiations/aaaabbbb/counter"] = negotiation()
    assert types("negotiation", "counter", "aaaabbbb", "--count", "2").status == 0
    assert api.asked[0].body == {"terms": {"count": 2}, "version": None}
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
    for command in ("show", "decline"):
        assert f"allmende negotiation {command} aaaabbbb" in said.err

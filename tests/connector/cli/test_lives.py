"""The life of contracts on the command line: what is sent, what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types

SENTENCE = "The contract still stands."
LIFE: dict[str, Any] = {
    "states": [{"code": "life.ending", "params": {}, "sentence": SENTENCE}],
    "ends": 1_800_000_000_000_000,
    "expires": None,
    "earliest": None,
    "closed": None,
    "held": None,
    "proposed": "",
    "replaces": "",
    "replaced": "",
    "amending": "",
}


@pytest.mark.parametrize(
    ("args", "path", "body"),
    [
        (["--notice"], "end", {"how": "notice", "reason": ""}),
        (
            ["--notice", "--at", "2027-06-30", "--reason", "done"],
            "end",
            {"how": "notice", "reason": "done", "at": "2027-06-30"},
        ),
        (["--by-agreement"], "end", {"how": "agreement", "reason": ""}),
        (["--for-cause", "passed on"], "end", {"how": "cause", "reason": "passed on"}),
        (["--consent"], "consent", {}),
        (["--consent", "--seen", "5f0c2a91"], "consent", {"seen": "5f0c2a91"}),
        (["--decline", "--reason", "no"], "decline", {"reason": "no"}),
    ],
)
def test_a_contract_is_ended(api: Api, types: Types, args: list[str], path: str, body: dict[str, str]) -> None:
    api.answers[f"POST /v1/contracts/c0ffee00/{path}"] = LIFE
    assert types("contract", "end", "c0ffee00", *args).out.strip() == SENTENCE
    assert api.asked[-1].body == body


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--notice", "--consent"],
        ["--consent", "--at", "2027-06-30"],
        ["--notice", "--seen", "5f0c2a91"],
        ["--for-cause", "x", "--at", "2027-06-30"],
        ["--for-cause", "x", "--reason", "y"],
        ["--consent", "--reason", "y"],
    ],
)
def test_one_way_to_end_it_has_to_be_chosen(api: Api, types: Types, args: list[str]) -> None:
    assert types("contract", "end", "c0ffee00", *args).status == 2
    assert not api.asked


@pytest.mark.parametrize(
    ("command", "args", "body"),
    [("hold", ["--reason", "odd"], {"reason": "odd"}), ("hold", [], {"reason": ""}), ("release", [], {})],
)
def test_a_contract_is_held_and_released(
    api: Api, types: Types, command: str, args: list[str], body: dict[str, str]
) -> None:
    api.answers[f"POST /v1/contracts/c0ffee00/{command}"] = LIFE
    assert types("contract", command, "c0ffee00", *args).out.strip() == SENTENCE
    assert api.asked[-1].body == body


@pytest.mark.parametrize(
    ("args", "terms"),
    [
        (["amend", "c0ffee00", "--count", "500", "--notice", "P3M"], {"count": 500, "notice": "P3M"}),
        (["renew", "c0ffee00", "--until", "2028-12-31"], {"until": "2028-12-31"}),
    ],
)
def test_a_contract_is_negotiated_anew(api: Api, types: Types, args: list[str], terms: dict[str, Any]) -> None:
    begun = {"negotiation": "urn:uuid:0-aaaabbbb", "replaces": "urn:uuid:0-c0ffee00"}
    api.answers["POST /v1/contracts/c0ffee00/amend"] = begun
    assert "allmende negotiation show aaaabbbb --wait" in types("contract", *args).out
    assert api.asked[-1].body == {"terms": terms}


def test_nothing_to_amend_is_no_amendment(api: Api, types: Types) -> None:
    assert types("contract", "amend", "c0ffee00").status == 2
    assert not api.asked

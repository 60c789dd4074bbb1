"""Assets, policies, offers and what a peer offers: what is sent, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connector.cli.api import PEER, Api
from tests.connector.cli.conftest import Types

ASSET = {
    "id": "https://here/datasets/trees",
    "name": "trees",
    "kind": "file",
    "settings": {"path": "/x"},
    "title": "Street trees",
    "description": "",
    "media_type": "text/csv",
    "created": 0,
    "created_by": "admin",
}
POLICY = {
    "id": "planning@1",
    "name": "planning",
    "version": 1,
    "document": {"@type": "Offer"},
    "sentences": ["Use, if:", "  - until then"],
    "created": 0,
    "created_by": "admin",
    "state": "usable",
    "digest": "d" * 64,
    "template": "",
    "reason": "",
    "needs": 0,
    "approvals": [],
    "signature": "",
    "genuine": None,
    "signed": None,
    "signed_by": "",
    "retired": None,
    "retired_by": "",
}
OFFER = {
    "id": "urn:uuid:0-0ffe0ffe",
    "asset": ASSET["id"],
    "policy": "planning@1",
    "outside": "counter",
    "document": {},
    "sentences": [],
    "published": 0,
    "published_by": "admin",
    "approval": {"persons": 1, "frame": None, "days": 14.0},
    "retired": None,
    "live": True,
}
TERMS = {"id": "urn:uuid:1-0ffe0ffe", "document": {}, "sentences": ["Any use."], "reason": None}
REASON = {"code": "unknown.operand", "params": {}, "sentence": "Nobody knows what foo means."}


def dataset(name: str, title: str, *offers: object) -> dict[str, object]:
    id = f"https://n/datasets/{name}"
    return {"id": id, "title": title, "description": "", "formats": ["HttpData-PULL"], "offers": list(offers)}


def test_a_file_is_an_asset(api: Api, types: Types) -> None:
    Path("trees.csv").touch()
    api.answers["POST /v1/assets"] = (201, ASSET)
    assert types("asset", "add", "trees", "trees.csv", "--title", "Street trees").status == 0
    assert api.asked[0].body == {
        "name": "trees",
        "kind": "file",
        "settings": {"path": str(Path("trees.csv").resolve())},
        "title": "Street trees",
        "description": "",
        "media_type": "text/csv",
    }


def test_a_folder_and_other_kinds(api: Api, types: Types) -> None:
    Path("counts").mkdir()
    api.answers["POST /v1/assets"] = (201, ASSET)
    assert types("asset", "add", "counts", "counts").status == 0
    assert types("asset", "add", "m", "--kind", "live", "--set", "a=b=c").status == 0
    assert [one.body["kind"] for one in api.asked] == ["folder", "live"]
    assert api.asked[1].body["settings"] == {"a": "b=c"}
    assert types("asset", "add", "m").status == 2
    assert types("asset", "add", "m", "nowhere").status == 2
    assert types("asset", "add", "m", "--kind", "live", "--set", "a").status == 2


def test_assets_are_shown(api: Api, types: Types) -> None:
    api.answers["GET /v1/assets"] = {"items": [ASSET], "next": None}
    api.answers["GET /v1/assets/trees"] = ASSET
    api.answers["DELETE /v1/assets/trees"] = (204, None)
    assert "Street trees" in types("asset", "list").out
    assert "path=/x" in types("asset", "show", "trees").out


@pytest.mark.parametrize(("in_force", "warned"), [(True, True), (False, False)])
def test_an_asset_under_contract_is_removed_with_a_word(api: Api, types: Types, in_force: bool, warned: bool) -> None:
    api.answers["GET /v1/assets/trees"] = ASSET
    api.answers["DELETE /v1/assets/trees"] = (204, None)
    contract = {"in_force": in_force, "role": "provider", "dataset": ASSET["id"]}
    others = [{**contract, "role": "consumer"}, {**contract, "dataset": "urn:other"}]
    api.answers["GET /v1/contracts"] = {"items": [contract, *others], "next": None}
    said = types("asset", "remove", "trees")
    assert (said.status, "in force about trees: 1." in said.err) == (0, warned)


def test_a_policy_in_short(api: Api, types: Types) -> None:
    api.answers |= {"POST /v1/policies": (201, POLICY), "GET /v1/peers/neighbour": PEER}
    said = types("policy", "add", "planning", "--purpose", "A", "--until", "2027-12-31", "--assignee", "neighbour")
    assert api.asked[-1].body == {
        "name": "planning",
        "terms": {"purposes": ["A"], "until": "2027-12-31", "assignee": PEER["id"]},
    }
    assert "Terms\n  - Use, if:\n    - until then" in said.out
    assert types("policy", "add", "x", "--count", "0").status == 2


def test_a_policy_from_a_file(api: Api, types: Types) -> None:
    api.answers["POST /v1/policies"] = (201, POLICY)
    Path("p.json").write_text('{"@type": "Offer", "@id": "urn:x:p", "permission": [{"action": "use"}]}')
    assert types("policy", "add", "mine", "--file", "p.json").status == 0
    document = {"@type": "Offer", "@id": "urn:x:p", "permission": [{"action": "use"}]}
    assert api.asked[0].body == {"name": "mine", "document": document}
    assert types("policy", "add", "mine", "--file", "p.json", "--count", "3").status == 2
    Path("p.json").write_text("{")
    assert types("policy", "add", "mine", "--file", "p.json", "--json").json["error"]["code"] == "form.json"
    Path("p.json").write_text('{"@type": "Offer", "@id": "urn:x:p", "permission": [{"action": "use", "duty": "x"}]}')
    assert "p.json, /permission/0/duty" in types("policy", "add", "mine", "--file", "p.json").err
    assert len(api.asked) == 1


def test_policies_are_shown(api: Api, types: Types) -> None:
    api.answers["GET /v1/policies"] = {"items": [POLICY], "next": None}
    api.answers["GET /v1/policies/planning"] = POLICY
    assert types("policy", "list").out.startswith("planning@1 (usable)\n  - Use, if:")
    assert '"@type": "Offer"' in types("policy", "show", "planning").out


def test_offers(api: Api, types: Types) -> None:
    api.answers |= {
        "POST /v1/offers": (201, OFFER),
        "GET /v1/offers": {"items": [OFFER, {**OFFER, "live": False}], "next": None},
        "DELETE /v1/offers/0ffe0ffe": (204, None),
        "POST /v1/offers/0ffe0ffe/send": (201, {"id": "urn:uuid:2-12345678"}),
    }
    assert "0ffe0ffe" in types("offer", "publish", "trees", "planning", "--outside", "ask").out
    rule = {"persons": 1, "frame": None, "days": 14.0}
    assert api.asked[0].body == {"asset": "trees", "policy": "planning", "outside": "ask", "approval": rule}
    listed = types("offer", "list").out
    assert "published" in listed.splitlines()[1]
    assert "retired" in listed.splitlines()[2]
    assert types("offer", "retire", "0ffe0ffe").status == 0
    assert "negotiation 12345678" in types("offer", "send", "0ffe0ffe", "neighbour").out
    assert api.asked[-1].body == {"peer": "neighbour"}


def test_a_catalogue_shows_terms_and_what_is_not_understood(api: Api, types: Types) -> None:
    items = [dataset("a", "Trees", TERMS, {**TERMS, "sentences": [], "reason": REASON})]
    api.answers["GET /v1/catalog/neighbour"] = {"items": items, "next": None}
    said = types("catalog", "list", "neighbour").out
    assert "  - Any use." in said
    assert "Not understood, so not usable: Nobody knows what foo means." in said
    api.answers["GET /v1/catalog/neighbour"] = {"items": [], "next": None}
    assert types("catalog", "list", "neighbour").out == "neighbour offers nothing to this node.\n"


def test_a_dataset_with_rows_says_what_can_be_asked(api: Api, types: Types) -> None:
    rows = {
        "fields": [{"name": "id", "type": "text"}, {"name": "at", "type": "instant"}, {"name": "n", "type": "number"}],
        "key": ["id"],
        "time": "at",
        "geometry": "",
        "crs": "",
        "formats": ["csv", "ndjson"],
        "parameters": ["properties", "filter", "datetime", "limit", "later"],
        "live": True,
    }
    api.answers["GET /v1/catalog/neighbour"] = {"items": [{**dataset("a", "Trees"), "rows": rows}], "next": None}
    said = types("catalog", "list", "neighbour", "--lang", "de").out
    assert "at: Zeitpunkt (Zeit)" in said
    assert "id: Text (Schlüssel)" in said
    assert "--columns --where --since --until --limit\n" in said
    assert "allmende watch" in said


def test_a_dataset_by_any_of_its_names(api: Api, types: Types) -> None:
    items = [dataset("trees-2027", "Trees"), dataset("twice", "Same"), dataset("other", "Same")]
    api.answers["GET /v1/catalog/neighbour"] = {"items": items, "next": None}
    api.answers["GET /v1/catalog/neighbour/https%3A%2F%2Fn%2Fdatasets%2Ftrees-2027"] = items[0]
    for name in ("https://n/datasets/trees-2027", "trees-2027", "Trees", "rees-2027"):
        assert types("catalog", "show", "neighbour", name, "--json").json["title"] == "Trees", name
    assert 'several datasets are called "Same"' in types("catalog", "show", "neighbour", "Same").err
    assert "allmende catalog list neighbour" in types("catalog", "show", "neighbour", "nothing").err

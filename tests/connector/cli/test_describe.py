"""Covers connector/cli/describe.py and `region comply`: what is sent, what is shown, and the exit status."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types

REASON = {"code": "description.missing", "params": {}, "sentence": "The description lacks gx:local."}
OWN: dict[str, Any] = {
    "name": "Gemeinde Nord",
    "description": "",
    "country": "DE",
    "region": "",
    "locality": "Nord",
    "postcode": "01234",
    "street": "",
    "register": "municipality",
    "number": "",
    "terms": "",
    "published": False,
    "complete": False,
    "findings": [REASON],
}
GOOD = OWN | {"number": "14627010", "complete": True, "findings": []}
ONE = {
    "id": "https://nord.example/descriptions/registration",
    "name": "registration",
    "kind": "gx:LocalRegistrationNumber",
    "issuer": "did:web:region.example",
    "attested": True,
    "issued": 0,
    "ends": 1_795_000_000_000_000,
}
STEP = {"number": 5, "name": "certificates", "credential": "urn:a", "passed": False, "reason": REASON}


def test_what_is_missing_is_said_and_fails(api: Api, types: Types) -> None:
    api.answers["GET /v1/descriptions/own"] = (200, OWN)
    said = types("describe", "check")
    assert said.status == 1
    assert "The description lacks gx:local." in said.out
    api.answers["GET /v1/descriptions/own"] = (200, GOOD)
    said = types("describe", "check")
    assert (said.status, "Nothing is missing." in said.out) == (0, True)


def test_only_what_is_given_is_set(api: Api, types: Types) -> None:
    api.answers["POST /v1/descriptions/own"] = (200, GOOD)
    assert types("describe", "set", "--number", "14627010", "--name", "").status == 0
    assert api.asked[0].body == {"number": "14627010", "name": ""}


def test_own_terms_are_published_with_their_hash(api: Api, types: Types) -> None:
    Path("terms.txt").write_bytes(b"be kind")
    api.answers["POST /v1/descriptions/own"] = (200, GOOD)
    assert types("describe", "set", "--terms", "https://a.example/t").status == 2
    assert types("describe", "set", "--terms", "https://a.example/t", "--terms-file", "terms.txt").status == 0
    assert api.asked[0].body == {"terms": "https://a.example/t", "terms_hash": sha256(b"be kind").hexdigest()}


def test_a_program_is_asked_nothing(api: Api, types: Types) -> None:
    api.answers["GET /v1/descriptions/own"] = (200, OWN)
    said = types("describe", "set")
    assert said.status == 2
    assert "--number" in said.err


def test_publishing_shows_who_says_what(api: Api, types: Types) -> None:
    api.answers["POST /v1/descriptions/publish"] = (200, {"items": [ONE], "next": None})
    said = types("describe", "publish")
    assert said.status == 0
    assert "did:web:region.example" in said.out
    api.answers["POST /v1/descriptions/attest"] = (200, {"items": [ONE], "next": None})
    assert types("describe", "publish", "--attest", "number").status == 0
    assert api.asked[-1].body == {"what": "number"}
    api.answers["POST /v1/descriptions/withdraw"] = (204, None)
    assert types("describe", "publish", "--withdraw").status == 0


def test_others_are_verified_and_what_fails_is_said(api: Api, types: Types) -> None:
    seen = {"id": "did:web:a.example", "holds": False, "regional": True, "steps": [STEP, STEP | {"passed": True}]}
    api.answers["POST /v1/descriptions/look"] = (200, seen)
    said = types("describe", "check", "did:web:a.example", "--private")
    assert said.status == 1
    assert api.asked[0].body == {"peer": "did:web:a.example", "private": True}
    assert "1 checks passed" in said.out
    assert "5. certificates" in said.out
    api.answers["POST /v1/descriptions/look"] = (200, seen | {"steps": [], "regional": False})
    assert "publishes nothing" in types("describe", "check", "did:web:a.example").out


def test_a_file_is_of_the_older_generation(api: Api, types: Types) -> None:
    Path("old.json").write_text('{"type":"VerifiablePresentation"}')
    api.answers["POST /v1/descriptions/older"] = (200, {"holds": True, "steps": [STEP | {"passed": True}]})
    assert types("describe", "check", "old.json").status == 0
    assert api.asked[0].body == {"document": {"type": "VerifiablePresentation"}}
    Path("old.json").write_text("{")
    assert types("describe", "check", "old.json").status == 1


def test_a_region_says_which_criteria_are_met(api: Api, types: Types) -> None:
    found = {"member": "nord", "complies": False, "attested": False, "met": ["terms-agreed"], "unmet": [REASON]}
    api.answers["GET /v1/region/members/nord/compliance"] = (200, found)
    said = types("region", "comply", "nord", "--check")
    assert said.status == 0
    assert "terms-agreed" in said.out
    assert "The description lacks gx:local." in said.out
    api.answers["POST /v1/region/members/nord/comply"] = (200, found | {"complies": True, "unmet": []})
    assert "every criterion" in types("region", "comply", "nord").out

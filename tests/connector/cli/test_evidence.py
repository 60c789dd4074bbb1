"""`contract evidence`: what is written, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.tree import run
from tests.connector.cli.api import Api, Raw, problem
from tests.connector.cli.conftest import Types
from tests.connector.cli.test_records import CONTRACT

URL = "GET /v1/contracts/c0ffee00/evidence"
ZIP = Raw(b"PK zip", {"Content-Type": "application/zip", "Allmende-Signed": "provider"})


def test_evidence_is_written_and_said_to_be_half_signed(api: Api, types: Types, tmp_path: Path) -> None:
    api.answers[URL] = ZIP
    said = types("contract", "evidence", "c0ffee00", "-o", "evidence.zip", "--lang", "de")
    assert (tmp_path / "evidence.zip").read_bytes() == b"PK zip"
    assert "6 bytes, unterschrieben von: Geber" in said.out
    assert "python verify.py evidence.zip" in said.out
    assert api.asked[-1].headers["accept-language"].startswith("de")
    told = types("contract", "evidence", "c0ffee00", "-o", "evidence.zip", "--json").json
    assert told == {"file": "evidence.zip", "bytes": 6, "signed": "provider"}


def test_evidence_goes_to_standard_output(api: Api, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    api.answers[URL] = ZIP
    assert run(["contract", "evidence", "c0ffee00", "-o", "-"]) == 0
    assert capfdbinary.readouterr().out == b"PK zip"


def test_a_refusal_leaves_no_file(api: Api, types: Types, tmp_path: Path) -> None:
    api.answers[URL] = (400, problem("agreement.unknown", "There is no such contract."))
    said = types("contract", "evidence", "c0ffee00", "-o", "evidence.zip")
    assert said.status != 0
    assert "There is no such contract." in said.err
    assert not (tmp_path / "evidence.zip").exists()


@pytest.mark.parametrize(("consumer", "said"), [(True, "both"), (False, "unsigned")])
def test_every_list_says_who_has_not_signed(api: Api, types: Types, consumer: bool, said: str) -> None:
    signed = {"provider": True, "consumer": consumer, "sentence": "Not signed by n."}
    one = {**CONTRACT, "signed": signed}
    api.answers["GET /v1/contracts"] = {"items": [one], "next": None}
    api.answers["GET /v1/contracts/c0ffee00"] = one
    assert types("contract", "list").out.splitlines()[1].rstrip().endswith(said)
    assert "Not signed by n." in types("contract", "show", "c0ffee00").out

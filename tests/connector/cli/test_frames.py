"""Frame contracts: the document is hashed where it lies, and compared later."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types

DIGEST = hashlib.sha256(b"signed").hexdigest()
FRAME = {
    "name": "water",
    "title": "Water",
    "file_number": "20.1",
    "hash": DIGEST,
    "signatories": ["A", "B"],
    "parties": ["did:web:n"],
    "party_names": ["neighbour"],
    "anybody": False,
    "until": None,
    "added": 0,
    "added_by": "admin",
    "retired": None,
    "in_force": True,
}
ADD = ("frame", "add", "water", "--title", "Water", "--file-number", "20.1", "--signatory", "A", "--signatory", "B")


@pytest.fixture
def document() -> Path:
    path = Path("signed.pdf")
    path.write_bytes(b"signed")
    return path


def test_the_document_is_hashed_and_not_sent(api: Api, types: Types, document: Path) -> None:
    api.answers["POST /v1/frames"] = (201, FRAME)
    said = types(*ADD, "--document", str(document), "--party", "neighbour", "--until", "2030-12-31")
    assert "--at-once water" in said.out
    assert api.asked[0].body == {
        "name": "water",
        "title": "Water",
        "file_number": "20.1",
        "hash": DIGEST,
        "signatories": ["A", "B"],
        "parties": ["neighbour"],
        "anybody": False,
        "until": "2030-12-31",
    }
    assert types(*ADD, "--hash", DIGEST.upper(), "--anybody").status == 0
    assert (api.asked[1].body["hash"], api.asked[1].body["anybody"]) == (DIGEST, True)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--anybody",),
        ("--hash", DIGEST),
        ("--hash", DIGEST, "--anybody", "--party", "neighbour"),
        ("--hash", DIGEST, "--document", "signed.pdf", "--anybody"),
    ],
)
def test_what_is_missing_is_said(api: Api, types: Types, document: Path, wrong: tuple[str, ...]) -> None:
    assert types(*ADD, *wrong).status == 2
    assert not api.asked


def test_the_same_file_is_recognised_and_another_one_refused(api: Api, types: Types, document: Path) -> None:
    api.answers["GET /v1/frames/water"] = FRAME
    assert types("frame", "check", "water", str(document)).status == 0
    document.write_bytes(b"signed later")
    failed = types("frame", "check", "water", str(document), "--json")
    assert (failed.status, failed.json["error"]["code"]) == (1, "frame.differs")


def test_looking_and_retiring(api: Api, types: Types) -> None:
    api.answers["GET /v1/frames"] = {"items": [FRAME, {**FRAME, "retired": 1}], "next": None}
    listed = types("frame", "list").out.splitlines()
    assert [line.split()[-1] for line in listed[1:]] == ["force", "retired"]
    api.answers["GET /v1/frames/water"] = FRAME
    assert DIGEST in types("frame", "show", "water").out
    api.answers["DELETE /v1/frames/water"] = {**FRAME, "retired": 1}
    assert "Nothing more" in types("frame", "retire", "water").out


def test_lengths_of_time(api: Api, types: Types) -> None:
    offer = {"id": "urn:uuid:0ffe0ffe", "policy": "p@1", "approval": {"persons": 2, "frame": "water", "days": 1.5}}
    api.answers["POST /v1/offers"] = (201, offer)
    said = types("offer", "publish", "a", "p", "--at-once", "water", "--persons", "2", "--decide-within", "36h")
    assert "at once under water, else 2 people within 1.5 days" in said.out
    assert api.asked[0].body["approval"] == {"persons": 2, "frame": "water", "days": 1.5}
    for wrong in ("soon", "0d", "14", "-1d"):
        assert types("offer", "publish", "a", "p", "--decide-within", wrong).status == 2

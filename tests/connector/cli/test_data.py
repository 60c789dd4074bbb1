"""Fetching: whole or not at all, checked, resumable."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from tests.connector.cli.api import Api, Raw, problem
from tests.connector.cli.conftest import Types

DATA = b"tree;place\n" * 1000
DIGEST = f"sha-256=:{base64.b64encode(hashlib.sha256(DATA).digest()).decode()}:"
HEADERS = {"Repr-Digest": DIGEST, "Allmende-Transfer": "urn:uuid:0-12345678"}
PATH = "GET /v1/contracts/c0ffee00/data"


def test_a_file_arrives_whole(api: Api, types: Types) -> None:
    api.answers[PATH] = Raw(DATA, HEADERS)
    said = types("get", "c0ffee00", "-o", "trees.csv", "--json")
    assert said.json == {
        "file": "trees.csv",
        "bytes": len(DATA),
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "matches": True,
        "transfer": "urn:uuid:0-12345678",
    }
    assert Path("trees.csv").read_bytes() == DATA
    assert not Path("trees.csv.part").exists()
    assert "as the peer sent it" in types("get", "c0ffee00", "-o", "trees.csv").out


def test_what_was_delivered_is_read_alone(api: Api, types: Types) -> None:
    api.answers["GET /v1/contracts/c0ffee00/received"] = Raw(DATA, HEADERS)
    assert types("get", "c0ffee00", "--received", "-o", "trees.csv").status == 0
    assert Path("trees.csv").read_bytes() == DATA
    assert types("get", "c0ffee00", "--received", "-o", "trees.csv", "--member", "a").status == 2


def test_purpose_and_member_are_asked_for(api: Api, types: Types) -> None:
    api.answers[f"{PATH}?member=a%2Fb&purpose=https%3A%2F%2Fw3id.org%2Fdpv%23PublicBenefit"] = Raw(b"x")
    assert types("get", "c0ffee00", "-o", "x", "--member", "a/b", "--purpose", "PublicBenefit").status == 0
    api.answers[f"{PATH}?purpose=urn%3Amine"] = Raw(b"x")
    assert "named no hash" in types("get", "c0ffee00", "-o", "x", "--purpose", "urn:mine").out


def test_further_facts_are_stated_by_their_names(api: Api, types: Types) -> None:
    stated = "urn%253Aallmende%253AretentionPeriod%3DP30D"
    api.answers[f"{PATH}?stated={stated}"] = Raw(b"x")
    assert types("get", "c0ffee00", "-o", "x", "--value", "retentionPeriod=P30D").status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--purpose", "Werbung"], "Ähnlich: Advertising"),
        (["--spatial", "Dresden"], "Ziffern eines Gemeindeschlüssels"),
        (["--value", "retentionPeroid=P30D"], "meinten Sie retentionPeriod?"),
        (["--value", "retentionPeriod=30 Tage"], "Eine Dauer schreibt sich P90D"),
        (["--value", "retentionPeriod"], "NAME=VALUE"),
    ],
)
def test_what_nobody_knows_is_not_sent(api: Api, types: Types, words: list[str], said: str) -> None:
    told = types("get", "c0ffee00", "-o", "x", *words, "--lang", "de")
    assert told.status != 0 and said in told.err
    assert api.asked == []


@pytest.mark.parametrize(
    ("operand", "hint"),
    [
        ("urn:allmende:retentionPeriod", "--value retentionPeriod=..."),
        ("urn:allmende:crisisLevel", None),
        ("urn:x:other", None),
    ],
)
def test_what_was_not_stated_is_asked_for(api: Api, types: Types, operand: str, hint: str | None) -> None:
    api.answers[PATH] = (403, {**problem("fact.unknown", "Not known."), "params": {"operand": operand}})
    said = types("get", "c0ffee00", "-o", "x")
    assert said.status == 1
    assert (hint in said.err) if hint else ("--value" not in said.err)


def test_what_is_not_what_was_sent_is_thrown_away(api: Api, types: Types) -> None:
    api.answers[PATH] = Raw(DATA[:-1] + b"!", HEADERS)
    said = types("get", "c0ffee00", "-o", "trees.csv", "--json")
    assert (said.status, said.json["error"]["code"]) == (1, "data.digest")
    assert list(Path().glob("trees*")) == []


def test_a_refusal_leaves_no_file(api: Api, types: Types) -> None:
    Path("trees.csv").write_text("older")
    api.answers[PATH] = (403, problem("count.exhausted", "3 of 3."))
    said = types("get", "c0ffee00", "-o", "trees.csv")
    assert (said.status, said.err) == (1, "allmende: 3 of 3.\n")
    assert [path.name for path in Path().glob("trees*")] == ["trees.csv"]
    assert Path("trees.csv").read_text() == "older"


def test_what_broke_off_can_be_resumed(api: Api, types: Types) -> None:
    api.answers[PATH] = [
        Raw(DATA[:5000], HEADERS, cut=len(DATA) - 5000),
        Raw(DATA[5000:], {**HEADERS, "Content-Range": f"bytes 5000-{len(DATA) - 1}/{len(DATA)}"}, status=206),
    ]
    assert types("get", "c0ffee00", "-o", "trees.csv").status == 1
    assert Path("trees.csv.part").read_bytes() == DATA[:5000]
    said = types("get", "c0ffee00", "-o", "trees.csv", "--resume", "--json")
    assert api.asked[-1].headers["range"] == "bytes=5000-"
    assert said.json["bytes"] == len(DATA)
    assert Path("trees.csv").read_bytes() == DATA


@pytest.mark.parametrize("known", [True, False])
def test_what_broke_off_says_why_where_it_is_known(api: Api, types: Types, known: bool) -> None:
    def stopped(updated: int, reason: str | None) -> dict[str, object]:
        told = {"code": "x", "sentence": reason} if reason else None
        return {"contract": "urn:uuid:0-c0ffee00", "updated": updated, "reason": told}

    api.answers[PATH] = Raw(DATA[:5000], HEADERS, cut=len(DATA) - 5000)
    if known:
        items = [stopped(2, "Held: it looks odd."), stopped(1, "Older."), {"contract": "urn:uuid:other"}]
        api.answers["GET /v1/transfers?role=consumer"] = {"items": items, "next": None}
    said = types("get", "c0ffee00", "-o", "trees.csv")
    assert (said.status, "it looks odd" in said.err, "Older" in said.err) == (1, known, False)
    assert "allmende contract show c0ffee00" in said.err


def test_a_peer_that_does_not_resume_sends_all_again(api: Api, types: Types) -> None:
    Path("trees.csv.part").write_bytes(b"something else entirely")
    api.answers[PATH] = Raw(DATA, HEADERS)
    assert types("get", "c0ffee00", "-o", "trees.csv", "--resume").status == 0
    assert Path("trees.csv").read_bytes() == DATA


def test_without_resume_a_part_is_begun_anew(api: Api, types: Types) -> None:
    Path("trees.csv.part").write_bytes(b"x" * 2 * len(DATA))
    api.answers[PATH] = Raw(DATA, HEADERS)
    assert types("get", "c0ffee00", "-o", "trees.csv").status == 0
    assert "range" not in api.asked[0].headers
    assert Path("trees.csv").read_bytes() == DATA


def test_standard_output(api: Api, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from connector.cli.tree import run

    api.answers[PATH] = [Raw(DATA, HEADERS), Raw(b"!", HEADERS)]
    assert run(["get", "c0ffee00", "-o", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == DATA
    assert b"SHA-256" in err
    assert run(["get", "c0ffee00", "-o", "-"]) == 1
    assert run(["get", "c0ffee00", "-o", "-", "--resume"]) == 2


def test_no_place_to_write(api: Api, types: Types) -> None:
    api.answers[PATH] = Raw(DATA, HEADERS)
    said = types("get", "c0ffee00", "-o", "nowhere/trees.csv")
    assert said.status == 1
    assert "nowhere/trees.csv.part: No such file or directory." in said.err


def test_a_question_is_asked_as_the_standard_has_it(api: Api, types: Types) -> None:
    asked = "filter=height+%3E+20&datetime=2027-05-01%2F..&bbox=7%2C51%2C8%2C52&properties=id%2Cheight&limit=5&f=csv"
    api.answers[f"{PATH}?{asked}"] = Raw(b"id,height\n1,21\n")
    words = ["--where", "height > 20", "--since", "2027-05-01", "--bbox", "7,51,8,52", "--columns", "id,height"]
    assert types("get", "c0ffee00", "-o", "x", *words, "--limit", "5", "--format", "csv").status == 0
    assert Path("x").read_bytes() == b"id,height\n1,21\n"


def test_whoever_opens_an_asset_sees_rows(api: Api, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b'{"id":1,"species":"oak\\u001b[2J"}\n{"id":2,"species":null}\n'
    api.answers[f"{PATH}?limit=20&f=ndjson"] = Raw(rows, {"Content-Type": "application/x-ndjson"})
    monkeypatch.setattr("connector.cli.data.is_looked_at", lambda: True)
    said = types("get", "c0ffee00")
    assert said.status == 0
    assert said.out.splitlines()[0].split() == ["id", "species"]
    assert "oak" in said.out and "\x1b[2J" not in said.out
    api.answers[f"{PATH}?limit=1&f=ndjson"] = Raw(rows, {"Content-Type": "application/x-ndjson"})
    assert "-o DATEI" in types("get", "c0ffee00", "--limit", "1", "--lang", "de").err
    api.answers[f"{PATH}?limit=2&f=ndjson"] = Raw(b"\x89PNG\xff", {"Content-Type": "image/png"})
    assert "-o FILE" in types("get", "c0ffee00", "--limit", "2").err
    api.answers[f"{PATH}?limit=3&f=ndjson"] = (400, problem("query.rowless", "No rows."))
    assert "-o FILE" in types("get", "c0ffee00", "--limit", "3").err


EXPLAINED = b"""{"silo": {"fields": ["id", "district"], "where": "district = 'Nord'"},
"node": {"steps": [{"step": "coarsen-time", "fields": ["at"], "resolution": "PT1H"}], "where": "height > 20"},
"contract": [{"step": "suppress", "fields": ["name"]}, {"step": "filter", "field": "district"}]}"""


def test_who_does_which_part_is_said_in_sentences(api: Api, types: Types) -> None:
    api.answers[f"{PATH}?explain=true"] = Raw(EXPLAINED, {"Content-Type": "application/json"})
    said = types("get", "c0ffee00", "--explain").out
    for part in ("reads the fields id, district", "district = 'Nord'", "at to PT1H", "height > 20", "leaves out name"):
        assert part in said
    assert "lässt name weg" in types("get", "c0ffee00", "--explain", "--lang", "de").out
    assert types("get", "c0ffee00", "--explain", "--json").json["contract"][0]["fields"] == ["name"]


def told(data: bytes) -> dict[str, object]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_rows_are_checked_by_what_the_peer_says_at_their_end(api: Api, types: Types) -> None:
    api.answers[f"{PATH}?filter=a"] = Raw(DATA, {"ETag": '"r-1"'})
    api.answers[f"{PATH}/outcome?filter=a"] = told(DATA)
    assert "as the peer sent it" in types("get", "c0ffee00", "-o", "t", "--where", "a").out
    assert api.asked[-1].headers["if-match"] == '"r-1"'
    api.answers[f"{PATH}/outcome?filter=a"] = told(DATA + b"more")
    said = types("get", "c0ffee00", "-o", "u", "--where", "a", "--json")
    assert said.json["error"]["code"] == "data.digest"
    assert not list(Path().glob("u*"))
    api.answers[f"{PATH}/outcome?filter=a"] = {"bytes": None, "sha256": ""}
    assert "named no hash" in types("get", "c0ffee00", "-o", "t", "--where", "a").out


def test_rows_go_on_as_the_same_answer(api: Api, types: Types) -> None:
    rest = Raw(DATA[5000:], {"ETag": '"r-1"', "Content-Range": "bytes 5000-/*"}, status=206)
    api.answers[PATH] = [Raw(DATA[:5000], {"ETag": '"r-1"'}, cut=1), rest]
    api.answers[f"{PATH}/outcome"] = told(DATA)
    assert types("get", "c0ffee00", "-o", "t").status == 1
    assert types("get", "c0ffee00", "-o", "t", "--resume", "--where", "b").status == 1
    assert len(api.asked) <= 2 or api.asked[-1].path != PATH, "another question asks for no rest"
    assert "as the peer sent it" in types("get", "c0ffee00", "-o", "t", "--resume").out
    asked = next(one for one in api.asked if "range" in one.headers)
    have = base64.b64encode(hashlib.sha256(DATA[:5000]).digest()).decode()
    assert (asked.headers["range"], asked.headers["if-range"]) == ("bytes=5000-", '"r-1"')
    assert asked.headers["allmende-have"] == f"sha-256=:{have}:"
    assert [path.name for path in Path().glob("t*")] == ["t"]


def test_a_rest_that_there_is_not(api: Api, types: Types) -> None:
    api.answers[PATH] = [
        Raw(DATA, {"ETag": '"r-1"'}, cut=1),
        (503, problem("data.changed", "It changed.")),
        (416, problem("data.range", "Nothing.")),
    ]
    assert types("get", "c0ffee00", "-o", "t").status == 1
    said = types("get", "c0ffee00", "-o", "t", "--resume")
    assert said.status == 1 and "as another use" in said.err
    api.answers[f"{PATH}/outcome"] = told(DATA)
    assert "as the peer sent it" in types("get", "c0ffee00", "-o", "t", "--resume").out
    assert Path("t").read_bytes() == DATA

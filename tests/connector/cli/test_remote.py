"""Finding a node and its credential, asking it, and failing in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.errors import CommandError
from connector.cli.remote import Remote, connect, management_url
from tests.connector.cli.api import Api, Raw, problem


def node(directory: Path, text: str = "") -> Path:
    directory.mkdir()
    (directory / "allmende.toml").write_text(f'public_url = "http://127.0.0.1:1"\n{text}')
    (directory / "token").write_text("own\n")
    return directory


def test_credential_and_language_go_with_every_request(api: Api) -> None:
    api.answers["GET /v1/status"] = {"id": "x"}
    assert connect(None, "de").get("/status") == {"id": "x"}
    assert api.asked[0].headers["authorization"] == "Bearer secret"
    assert api.asked[0].headers["accept-language"] == "de"


def test_body_and_query_are_sent_and_empty_ones_left_out(api: Api) -> None:
    api.answers["POST /v1/peers"] = (201, {})
    api.answers["GET /v1/audit?after=-1&limit=5"] = {"items": []}
    remote = connect(None)
    remote.post("/peers", {"name": "ä"})
    remote.get("/audit", after=-1, limit=5, peer=None, state="")
    assert api.asked[0].body == {"name": "ä"}


def test_pages_are_joined(api: Api) -> None:
    api.answers["GET /v1/peers"] = {"items": [1, 2], "next": "two words"}
    api.answers["GET /v1/peers?after=two+words"] = {"items": [3], "next": None}
    assert connect(None).every("/peers") == [1, 2, 3]


def test_a_problem_becomes_its_sentence(api: Api) -> None:
    api.answers["DELETE /v1/peers/x"] = (403, problem("role.missing", "That takes another role."))
    with pytest.raises(CommandError, match="another role") as caught:
        connect(None).delete("/peers/x")
    assert (caught.value.code, caught.value.params) == ("role.missing", {"a": "b"})


def test_an_unknown_credential_says_where_it_comes_from(api: Api) -> None:
    api.answers["GET /v1/status"] = (401, problem("token.unknown", "Not known here."))
    with pytest.raises(CommandError, match="ALLMENDE_TOKEN_FILE"):
        connect(None).get("/status")


@pytest.mark.parametrize("answer", [Raw(b"<html>"), Raw(b"<html>", status=502), Raw(b"[]", status=500)])
def test_something_else_at_the_address(api: Api, answer: Raw) -> None:
    api.answers["GET /v1/status"] = answer
    with pytest.raises(CommandError, match="not a node's management API"):
        connect(None).get("/status")


def test_a_broken_answer_is_not_taken_for_a_whole_one(api: Api) -> None:
    api.answers["GET /v1/status"] = Raw(b"{}", cut=10)
    with pytest.raises(CommandError, match="broke"):
        connect(None).get("/status")


def test_nobody_there(api: Api) -> None:
    with pytest.raises(CommandError, match="allmende serve") as caught:
        Remote("http://127.0.0.1:1", "x").get("/status")
    assert caught.value.code == "remote.unreachable"


def test_a_node_by_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLMENDE_TOKEN_FILE", raising=False)
    directory = node(tmp_path / "city", "[management]\nport = 4711\n")
    assert connect(str(directory)).url == "http://127.0.0.1:4711"
    monkeypatch.setenv("ALLMENDE_MANAGEMENT__PORT", "4712")
    assert management_url(directory) == "http://127.0.0.1:4712"
    monkeypatch.setenv("ALLMENDE_MANAGEMENT__HOST", "::1")
    assert management_url(directory) == "http://[::1]:4712"


def test_the_only_node_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLMENDE_NODE", raising=False)
    monkeypatch.delenv("ALLMENDE_TOKEN_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="There is no node"):
        connect(None)
    node(tmp_path / "city")
    assert connect(None).url.endswith(":8181")
    node(tmp_path / "town")
    with pytest.raises(CommandError, match="several nodes"):
        connect(None)
    monkeypatch.chdir(tmp_path / "town")
    assert connect(None).url.endswith(":8181")


@pytest.mark.parametrize(
    ("text", "said"),
    [("[public]\nport = 'x'\nfoo = 1\n", "foo: no such setting"), ("nonsense", "are wrong")],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        connect(str(node(tmp_path / "city", text)))


def test_no_node_no_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLMENDE_TOKEN_FILE", raising=False)
    with pytest.raises(CommandError, match="holds no node"):
        connect(str(tmp_path))
    with pytest.raises(CommandError, match="ALLMENDE_TOKEN_FILE"):
        connect("http://127.0.0.1:1")
    (node(tmp_path / "city") / "token").unlink()
    with pytest.raises(CommandError, match="cannot be read"):
        connect(str(tmp_path / "city"))

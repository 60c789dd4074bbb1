"""Making a node and running it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from connector.cli.remote import management_url
from connector.config import load
from tests.connector.cli.conftest import Types

PROGRAM = Path(sys.executable).with_name("allmende")
LAB = ("--public-url", "http://127.0.0.1:18180", "--lab")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ALLMENDE_"):
            monkeypatch.delenv(name)


def test_init_makes_a_node_that_can_be_read(types: Types) -> None:
    told = types("init", "city", *LAB, "--json").json
    assert told["id"] == "did:web:127.0.0.1%3A18180"
    assert told["words"].count("-") >= 3
    config = load(Path("city"), {})
    assert (config.public.port, config.management.port) == (18180, 18181)
    assert Path("city/token").stat().st_mode & 0o777 == 0o600
    assert management_url(Path("city")) == "http://127.0.0.1:18181"


def test_init_says_what_is_permanent_and_what_comes_next(types: Types) -> None:
    said = types("init", "city", "--public-url", "https://data.town.example")
    assert said.status == 0
    assert "permanent" in said.out
    assert "allmende serve city" in said.out
    assert load(Path("city"), {}).public.port == 8180


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9:80", "x.localhost"])
def test_a_loopback_name_needs_the_laboratory(types: Types, host: str) -> None:
    said = types("init", "city", "--public-url", f"http://{host}")
    assert said.status == 1
    assert "--lab" in said.err
    assert not Path("city").exists()


@pytest.mark.parametrize("url", ["ftp://town.example", "http://town.example", "nonsense"])
def test_an_address_that_cannot_be_one(types: Types, url: str) -> None:
    said = types("init", "city", "--public-url", url)
    assert said.status == 1
    assert "public_url" in said.err


def test_nothing_is_overwritten(types: Types) -> None:
    types("init", "city", *LAB)
    before = Path("city/keys/token.pem").read_bytes()
    assert types("init", "city", *LAB).status == 1
    assert Path("city/keys/token.pem").read_bytes() == before


def test_there_has_to_be_a_node_to_serve(types: Types) -> None:
    assert "allmende init nowhere" in types("serve", "nowhere").err
    Path("bad").mkdir()
    Path("bad/allmende.toml").write_text('public_url = "https://a.example"\n[public]\nports = 1\n')
    said = types("serve", "bad")
    assert (said.status, "no such setting" in said.err) == (1, True)


@pytest.mark.process
def test_serve_with_workers_answers_on_one_port(types: Types) -> None:
    types("init", "city", "--public-url", "http://127.0.0.1:18180", "--lab", "--port", "0", "--management-port", "0")
    process = subprocess.Popen([PROGRAM, "serve", "city", "--workers", "2"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = [process.stderr.readline() for _ in range(4)]
        ready = [json.loads(line) for line in said[1:]]
        assert [one["event"] for one in ready] == ["worker.ready", "worker.ready", "node.ready"]
        assert len({one["process"] for one in ready[:2]}) == 2
        (port,) = {one["port"] for one in ready[:2]}
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/did.json") as answer:
            assert json.load(answer)["id"] == ready[2]["did"]
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in rest
    assert not any(Path(f"/proc/{one['process']}").exists() for one in ready[:2])


@pytest.mark.parametrize(
    ("setting", "wrong"), [("PUBLIC__SOCKET", "[public] socket"), ("TRUST__MUTUAL_TLS", "[trust] mutual_tls off")]
)
def test_what_data_processes_cannot_do_is_refused_at_the_start(
    types: Types, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, wrong: str
) -> None:
    types("init", "city", "--public-url", "http://127.0.0.1:18180", "--lab")
    if setting == "PUBLIC__SOCKET":
        monkeypatch.setenv("ALLMENDE_PUBLIC__SOCKET", str(tmp_path / "s"))
    else:
        monkeypatch.setenv("ALLMENDE_TRUST__MUTUAL_TLS", "wanted")
        monkeypatch.setenv("ALLMENDE_PUBLIC__TLS_CERTIFICATE", str(tmp_path / "c"))
        monkeypatch.setenv("ALLMENDE_PUBLIC__TLS_KEY", str(tmp_path / "k"))
    assert wrong in types("serve", "city", "--workers", "2").err


@pytest.mark.process
def test_serve_runs_until_it_is_asked_to_stop(types: Types) -> None:
    types("init", "city", "--public-url", "http://127.0.0.1:18180", "--lab", "--port", "0", "--management-port", "0")
    process = subprocess.Popen([PROGRAM, "serve", "city"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        lines = [process.stderr.readline(), process.stderr.readline()]
        assert "Stop with Ctrl-C" in lines[0]
        assert "node.ready" in lines[1]
        assert "Another node runs" in types("serve", "city").err
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in rest

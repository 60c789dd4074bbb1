"""The demo does what it says: real node processes, the whole story, the figures of its last line."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.lib import figures

DEMO = Path(__file__).resolve().parents[1] / "scripts" / "demo.py"


def demo(*args: str) -> tuple[dict[str, Any], str]:
    """Run the demo; its figures and its story."""
    ran = subprocess.run(
        [sys.executable, DEMO, "--json", *args], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return json.loads(ran.stdout.splitlines()[-1]), ran.stdout


@pytest.mark.process
def test_the_story_comes_out_as_told() -> None:
    told, story = demo()
    assert told["ok"] is True
    assert {
        "ok",
        "elapsed_s",
        "setup_s",
        "negotiations",
        "transfers",
        "readings",
        "catalog",
        "refusals",
        "audit",
    } == set(told)
    assert told["elapsed_s"] >= told["setup_s"] >= 0
    assert [one["state"] for one in told["negotiations"]] == ["FINALIZED"] * 5
    assert [one["state"] for one in told["transfers"]] == ["COMPLETED"] * 4
    assert all(one["matches"] and one["bytes"] > 0 and len(one["sha256"]) == 64 for one in told["transfers"])
    reasons = ["peer.refuses", "purpose.outside", "count.exhausted", "dataset.unknown"]
    assert [one["reason"] for one in told["refusals"]] == reasons
    assert (told["catalog"]["found"], told["catalog"]["harvested"], told["catalog"]["clean"]) == (1, 5, 5)
    assert (told["readings"]["count"], told["readings"]["matches"]) == (130, True)
    assert "a region that is not believed where it was shown" in story
    assert "It is a member of Region Grenzland." in story
    assert told["audit"]["ok"] is True
    assert told["audit"]["entries"] > 50
    assert str(figures.SEED) in story


@pytest.mark.process
def test_it_shares_a_folder_of_ones_own_in_german(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "small.txt").write_text("ein Baum\n")
    (tmp_path / "deep" / "large.csv").write_text("baum;ort\n" * 5000)
    told, story = demo("--data", str(tmp_path), "--lang", "de")
    assert told["ok"] is True
    hashes = {one["sha256"] for one in told["transfers"]}
    assert hashlib.sha256((tmp_path / "deep" / "large.csv").read_bytes()).hexdigest() in hashes
    assert "Die Stadt veröffentlicht" in story
    assert "The city publishes" not in story


def test_made_up_data_is_the_same_every_time(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        figures.write_all(folder)
    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == other
    assert len(one) == 3


def test_wrong_folder_is_a_wrong_use() -> None:
    ran = subprocess.run([sys.executable, DEMO, "--data", "/nowhere"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "not a folder" in ran.stderr

"""What is wrong with a source is told in German too: each phrase, and several at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.data.ports import Around
from connector.data.silos import kinds
from connector.records import Silo
from connector.sentences import sentence
from connector.sentences.problems import PHRASES, told
from policies.model import Reason
from tests.harness.virtual import VirtualClock


@pytest.mark.parametrize(("english", "german"), PHRASES.items())
def test_each_phrase_has_german_words(english: str, german: str) -> None:
    holes = english.count("{}")
    said = told(english.format(*(f"X{n}Y" for n in range(holes))))
    assert said != english.format(*(f"X{n}Y" for n in range(holes)))
    assert german.count("{}") <= holes


def test_several_are_told_one_by_one_and_unknown_ones_as_they_are() -> None:
    assert told("port is a number up to 65535; host is needed; SQLSTATE 1") == (
        "port ist eine Zahl bis 65535; host fehlt; SQLSTATE 1"
    )


def test_it_stands_in_the_sentence() -> None:
    reason = Reason("silo.settings", {"name": "db", "problem": "there is no setting databse"})
    assert sentence(reason, "de") == "„db“ kann so nicht gelesen werden: die Angabe databse gibt es nicht."
    assert sentence(reason, "en") == '"db" cannot be read like this: there is no setting databse.'


WRONG: dict[str, dict[str, Any]] = {
    "files": {"path": "relative", "zone": "Nowhere", "texts": 1, "x": 1},
    "postgres": {"port": "no", "sslmode": "no", "zone": "Nowhere", "ca": "/nix", "statement_seconds": "0", "x": 1},
    "mariadb": {"port": "no"},
    "sqlite": {"path": "relative", "x": 1},
    "wfs": {"url": "geo", "user": "me", "token_file": "/x", "page": "0", "zone": "Nowhere", "x": 1},
    "features": {"url": "geo", "page": "0"},
    "sensorthings": {"page": "0"},
    "mqtt": {"port": "99999", "x": 1},
}


@pytest.mark.parametrize(("kind", "settings"), WRONG.items())
def test_whatever_a_reader_says_of_settings_has_german_words(
    kind: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    around = Around(clock=VirtualClock(), peer=None, secret=lambda settings, name: "", kept=tmp_path)  # type: ignore[arg-type]
    said = kinds.made(kind, around).check(Silo(id="x", kind=kind, settings=settings, created=0, created_by="me"))
    assert said
    assert [one for one in said if told(one) == one] == []

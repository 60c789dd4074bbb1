"""Covers policies/vocabulary.py."""

from __future__ import annotations

from policies.vocabulary import ACTIONS, PURPOSES, READ, USE


def test_every_broader_purpose_is_in_the_table_and_leads_to_the_root() -> None:
    for name, purpose in PURPOSES.items():
        assert purpose.broader or name == "Purpose"
        assert set(purpose.broader) <= PURPOSES.keys()
        assert purpose.de
        assert purpose.en


def test_use_includes_reading() -> None:
    assert (ACTIONS[USE], ACTIONS[READ]) == ((), (USE,))

"""Covers `connector.protocol.reasons`: words for everybody, code and parameters for one of our kind."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from connector.protocol.reasons import heard, told
from connector.sentences import sentence
from policies.model import Reason


def test_both_are_told() -> None:
    """A sentence first: some readers look no further."""
    text, ours = told(Reason("operator.ended", {"text": "no budget"}))
    assert text == "Ended by a person: no budget"
    assert ours == {"code": "operator.ended", "params": {"text": "no budget"}}


def test_one_of_our_kind_reads_it_in_its_own_language() -> None:
    """The words are left aside where code and parameters are there."""
    said = heard("peer.terminated", "operator.ended", told(Reason("operator.ended", {"text": "kein Geld"})))
    assert said.params == {"code": "operator.ended", "said": "operator.ended", "text": "kein Geld"}
    assert sentence(said, "de") == "Die Gegenseite hat beendet. Beendet von einem Menschen: kein Geld"


def test_a_difference_is_told_to_the_end() -> None:
    """A reason that has another one in it."""
    outside = Reason("terms.outside", {"difference": "offer.unknown"})
    said = heard("peer.terminated", "terms.outside", told(outside))
    assert sentence(said, "en").endswith(sentence(outside, "en"))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (["Not today."], "Not today."),
        ("Not today.", "Not today."),
        (["Not", "today."], "Not today."),
        ([{"@value": "Nicht heute.", "@language": "de"}], "Nicht heute."),
        ([{"message": "scenario", "weight": 3}], "scenario"),
        (["a\n\tb\x1b[31mc\u202e"], "a b[31mc"),
        ([{"code": "x", "params": {"a": "b"}, "more": "y"}], "x y"),
    ],
)
def test_words_of_others(reason: Any, text: str) -> None:
    """Strings, tagged strings, objects that nobody knows: bounded, one printable line."""
    said = heard("peer.terminated", UNSET, reason)
    assert said.params == {"said": "peer.says", "text": text}
    assert sentence(said, "en") == f'The other side has terminated. It says: "{text}"'


def test_words_are_bounded() -> None:
    """However much a peer says."""
    assert heard("peer.terminated", UNSET, ["x" * 5000]).params["text"] == "x" * 500


@pytest.mark.parametrize("reason", [UNSET, None, [], [1, True, None, [["x"]]], [{"n": 1}], [""]])
def test_nothing_said(reason: Any) -> None:
    """Then the code alone is shown, and nothing where there is none."""
    assert heard("peer.terminated", UNSET, reason).params == {}
    said = heard("peer.terminated", "C42", reason)
    assert sentence(said, "en") == 'The other side has terminated. It gives the code "C42".'


def test_what_is_passed_beside_cannot_be_overwritten() -> None:
    """A peer's parameters never take the place of ours."""
    said = heard("peer.refused", "c", [{"code": "c", "params": {"status": "200", "code": "d"}}], status="409")
    assert (said.params["status"], said.params["code"]) == ("409", "c")


@pytest.mark.parametrize("params", [{"a": 1}, {str(n): "x" for n in range(40)}, "x"])
def test_parameters_are_texts_and_few(params: Any) -> None:
    """Anything else is left out."""
    assert heard("peer.terminated", UNSET, [{"code": "c", "params": params}]).params.keys() <= {"said", "text"}

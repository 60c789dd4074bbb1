"""A pass opens what it names, for whom it names, until it ends, and nothing that was changed opens anything."""

from __future__ import annotations

import pytest

from connector.errors import UnauthenticatedError
from connector.services.trust.passes import LIFE, LONGEST, SHOWN, Pass, Passes

NOW = 1_800_000_000_000_000
PASSES = Passes(lambda: b"k" * 32)


def refused(text: str, now: int = NOW, passes: Passes = PASSES) -> str:
    """The code with which a pass is refused."""
    with pytest.raises(UnauthenticatedError) as caught:
        passes.open(text, now)
    return caught.value.reason.code


def test_what_is_given_out_opens() -> None:
    assert PASSES.open(PASSES.issue("did:web:a.example", NOW, "one"), NOW) == Pass(
        "did:web:a.example", NOW + LIFE, "one", SHOWN
    )
    assert PASSES.open(PASSES.issue("did:web:a.example", NOW, "one", ("x:y",)), NOW).scopes == ("x:y",)


def test_it_ends() -> None:
    text = PASSES.issue("did:web:a.example", NOW, "one")
    assert PASSES.open(text, NOW + LIFE - 1).jti == "one"
    assert refused(text, NOW + LIFE) == "pass.late"


def test_another_key_opens_nothing_so_a_renewed_one_ends_what_was_given_out() -> None:
    key = [b"a" * 32]
    passes = Passes(lambda: key[0])
    text = passes.issue("did:web:a.example", NOW, "one")
    key[0] = b"b" * 32
    assert refused(text, passes=passes) == "pass.forged"


def test_every_change_of_a_letter_is_refused() -> None:
    text = PASSES.issue("did:web:a.example", NOW, "one")
    for place in range(len(text)):
        for letter in "A.":
            changed = text[:place] + letter + text[place + 1 :]
            assert changed == text or refused(changed) == "pass.forged"


@pytest.mark.parametrize("text", [".", "a", "a.b", "a.b.c", "ä.ö", "\ud800", "x" * (LONGEST + 1)])
def test_what_is_no_pass_is_refused(text: str) -> None:
    assert refused(text) == "pass.forged"


def test_none_at_all_is_told_apart() -> None:
    assert refused("") == "pass.missing"


def test_a_pass_is_no_longer_than_a_message_token_may_carry() -> None:
    assert len(PASSES.issue("did:web:" + "a" * 1000, NOW, "j" * 48)) < LONGEST

"""policies/transforms/pseudonyms.py: the same for the same under one key, and nothing that tells more."""

from __future__ import annotations

import hmac
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.instants import instant
from policies.transforms import pseudonyms
from policies.transforms.pseudonyms import derive, maker, of_period

KEY = derive(b"secret", b"salt", "urn:agreement:1")


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=20))
def test_it_is_hmac_sha_256(values: list[str]) -> None:
    pseudonym = maker(KEY)
    for value in values * 2:
        assert pseudonym(value) == hmac.digest(KEY, value.encode(), "sha256")[:16].hex()


def test_another_agreement_another_period_another_secret() -> None:
    keys = {
        KEY,
        derive(b"secret", b"salt", "urn:agreement:2"),
        derive(b"secret", b"other", "urn:agreement:1"),
        derive(b"other", b"salt", "urn:agreement:1"),
    }
    assert len({maker(key)("DE-1") for key in keys}) == 4


def test_a_period_is_one_of_the_calendar() -> None:
    july, later = instant("2026-07-01T00:00:00+02:00"), instant("2026-07-31T23:59:59+02:00")
    assert of_period(KEY, july, "P1M") == of_period(KEY, later, "P1M") != of_period(KEY, later + 10**6, "P1M")
    assert of_period(KEY, july, "") == of_period(KEY, later, "") != of_period(KEY, july, "P1M")


def test_nothing_stays_nothing_and_numbers_are_as_their_text() -> None:
    pseudonym = maker(KEY)
    assert pseudonym(None) is None
    assert pseudonym("") == ""
    assert pseudonym(7) == pseudonym("7")
    assert pseudonym(Decimal("1.50")) == pseudonym("1.50")
    odd: list[object] = [True, [], {}, 1.5]
    for value in odd:
        with pytest.raises(ValueError):
            pseudonym(value)


def test_however_many_there_are_they_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "_KEPT", 3)
    pseudonym = maker(KEY)
    values = [str(n) for n in range(9)]
    assert [pseudonym(value) for value in values] == [maker(KEY)(value) for value in values]


def test_the_hkdf_is_that_of_rfc_5869() -> None:
    """Test case 1 of its appendix A, as far as one block goes."""
    made = derive(b"\x0b" * 22, bytes(range(13)), "")
    extracted = hmac.digest(bytes(range(13)), b"\x0b" * 22, "sha256")
    assert extracted.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    assert made == hmac.digest(extracted, b"\x01", "sha256")

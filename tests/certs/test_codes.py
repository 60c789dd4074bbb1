"""One-time codes: what people type comes back, what they mistype does not."""

from __future__ import annotations

from itertools import combinations

import pytest

from certs import codes
from certs.codes import CodeError

ROOT, OTHER = b"root certificate", b"another region's"
CODE = codes.make(bytes(range(10)), ROOT)


def test_a_code_has_five_groups_of_five_and_reads_back() -> None:
    assert [len(group) for group in CODE.text.split("-")] == [5] * 5
    assert codes.read(CODE.text) == CODE


def test_the_code_names_its_root_certificate_and_no_other() -> None:
    assert codes.read(CODE.text).names(ROOT)
    assert not codes.read(CODE.text).names(OTHER)


def test_case_spaces_dashes_and_look_alikes_do_not_matter() -> None:
    typed = CODE.text.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert codes.read(f"  {typed}\n") == CODE


@pytest.mark.parametrize("place", [at for at, char in enumerate(CODE.text) if char != "-"])
def test_every_single_wrong_character_is_found(place: int) -> None:
    for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
        if other != CODE.text[place]:
            with pytest.raises(CodeError) as caught:
                codes.read(CODE.text[:place] + other + CODE.text[place + 1 :])
            assert caught.value.why == "check"


def test_every_two_characters_that_changed_places_are_found() -> None:
    plain = CODE.text.replace("-", "")
    for one, other in combinations(range(len(plain)), 2):
        swapped = list(plain)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        if plain[one] != plain[other]:
            with pytest.raises(CodeError):
                codes.read("".join(swapped))


@pytest.mark.parametrize(
    ("text", "why", "part"),
    [
        ("", "length", "0"),
        (CODE.text[:-1], "length", "24"),
        (CODE.text[:-1] + "U", "character", "U"),
        ("ä", "character", "Ä"),
    ],
)
def test_what_can_be_no_code_says_why(text: str, why: str, part: str) -> None:
    with pytest.raises(CodeError) as caught:
        codes.read(text)
    assert (caught.value.why, caught.value.part) == (why, part)


def test_what_is_kept_is_the_same_for_every_spelling_and_not_the_code() -> None:
    assert codes.read(CODE.text.lower()).kept == CODE.kept
    assert CODE.text not in CODE.kept


def test_a_code_needs_ten_random_bytes() -> None:
    with pytest.raises(ValueError, match="ten"):
        codes.make(b"short", ROOT)

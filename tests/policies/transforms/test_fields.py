"""policies/transforms/fields.py: what names a field, and steps as a header field."""

from __future__ import annotations

import pytest

from policies.transforms import chain
from policies.transforms.fields import is_field, structured
from tests.policies.transforms.duties import ANY, duty, hourly, policy, suppress


@pytest.mark.parametrize("text", ["name", "Straße Nr.", "/person/name", "a" * 200])
def test_names(text: str) -> None:
    assert is_field(text)


@pytest.mark.parametrize("text", ["", " name", "na\nme", "/", "a" * 201])
def test_what_is_no_name(text: str) -> None:
    assert not is_field(text)


def test_a_chain_is_a_structured_field_in_ascii() -> None:
    made = chain(policy(suppress('na"me', "straße"), hourly(), duty("replace", field="x", replaceWith="")))
    assert made is not None
    *steps, last = made.text.split(", ")
    assert steps == [
        '(suppress "na\\"me" %"stra%c3%9fe")',
        '(replace "x")',
        '(coarsen-time "time");resolution="PT1H";zone="Europe/Berlin"',
    ]
    assert last.startswith("digest;sha-256=:")
    assert made.text.isascii()


def test_nothing_in_it_ends_the_field() -> None:
    text = structured([("suppress", ("a\r\nSet-Cookie: x", "ä\x00"), {"by": "\r\n"})], b"x" * 32)
    assert text.isprintable()
    assert text.isascii()


def test_of_a_long_chain_the_digest_is_said() -> None:
    made = chain(policy(duty("suppress", ("field", ANY, [f"column number {n}" for n in range(400)]))))
    assert made is not None
    assert made.text.startswith("digest;sha-256=:")
    assert len(made.text) < 100

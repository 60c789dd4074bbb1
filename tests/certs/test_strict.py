"""Tests of certs.strict."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.strict import StrictError, from_base64url, read_object, to_base64url

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.booleans())
def test_every_object_without_doubles_is_read(value: dict[str, Any], ascii_only: bool) -> None:
    assert read_object(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"y":{"a":1,"b":2,"a":3}}]}',
        b'{"a":{},"a":{"b":1}}',
        b'{"a":"\\"b\\":1","a" : 2}',
        b"[]",
        b"1",
        b"",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":1}{}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
def test_anything_with_a_second_meaning_is_refused(data: bytes) -> None:
    with pytest.raises(StrictError):
        read_object(data)


@given(st.binary(max_size=80))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = to_base64url(data)
    assert from_base64url(text) == data
    for other in (text + b"=", text + b"\n", b" " + text):
        with pytest.raises(StrictError):
            from_base64url(other)


@pytest.mark.parametrize("text", [b"QQ==", b"QR", b"Q", b"Q+/-", b"Q.Q", b"Q\x00QQ"])
def test_non_canonical_base64url_is_refused(text: bytes) -> None:
    with pytest.raises(StrictError):
        from_base64url(text)

"""Covers `connector.protocol.plain`: hostile JSON ends in a code, never in another exception, a second meaning or a
value that somebody else reads differently."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import MessageError
from connector.protocol import codec, messages, plain

DEEP = plain.MAX_DEPTH
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "message.json"),
    "white space": (b" \n", "message.json"),
    "truncated": (b'{"a":[1,2', "message.json"),
    "two values": (b"{}{}", "message.json"),
    "trailing comma": (b'{"a":1,}', "message.json"),
    "comment": (b'{/**/"a":1}', "message.json"),
    "byte order mark": (b"\xef\xbb\xbf{}", "message.json"),
    "raw control character": (b'{"a":"\x00"}', "message.json"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "message.json"),
    "not UTF-8": (b'{"a":"\xff"}', "message.encoding"),
    "surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', "message.encoding"),
    "overlong UTF-8": (b'{"a":"\xc0\xaf"}', "message.encoding"),
    "lone high surrogate": (b'{"a":"\\ud800 x"}', "message.json"),
    "lone low surrogate": (b'{"a":"\\udc00"}', "message.json"),
    "NaN": (b'{"a":NaN}', "message.json"),
    "infinity": (b'{"a":-Infinity}', "message.json"),
    "number beyond a double": (b'{"a":1e400}', "message.number"),
    "integer of a million digits": (b'{"a":' + b"9" * 1_000_000 + b"}", "message.number"),
    "deep arrays": (b"[" * 100_000 + b"]" * 100_000, "message.values"),
    "deep objects": (b'{"a":' * 15_000 + b"1" + b"}" * 15_000, "message.depth"),
    "just too deep": (b"[" * (DEEP + 1) + b"]" * (DEEP + 1), "message.depth"),
    "deep and mixed": (b'[{"a":' * DEEP + b"1" + b"}]" * DEEP, "message.depth"),
    "unclosed depth": (b"[" * 15_000, "message.depth"),
    "a million keys": (b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}", "message.values"),
    "many empty objects": (b"[" + b"{}," * 100_000 + b"{}]", "message.values"),
    "key twice": (b'{"a":1,"a":1}', "message.duplicate"),
    "key twice, deep": (b'{"x":[{"y":{"a":1,"b":2,"a":3}}]}', "message.duplicate"),
    "key twice, escaped": (b'{"offer":1,"off\\u0065r":2}', "message.duplicate"),
    "key twice, all escaped": (b'{"\\u0061":1,"\\u0061":2}', "message.duplicate"),
    "key twice, quoted colons": (b'{"a":":\\":\\\\","a":"::"}', "message.duplicate"),
    "key twice, solidus": (b'{"a/b":1,"a\\/b":2}', "message.duplicate"),
    "key twice, surrogate pair": ('{"😀":1,"\\ud83d\\ude00":2}'.encode(), "message.duplicate"),
    "empty key twice": (b'{"":1,"":2}', "message.duplicate"),
    "growing number beside a key twice": (b'{"a":1,"a":1,"b":1e15}', "message.duplicate"),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused(case: tuple[bytes, str]) -> None:
    body, code = case
    with pytest.raises(MessageError) as caught:
        plain.read(body)
    assert caught.value.reason.code == code
    with pytest.raises(MessageError):
        codec.decode(body, messages.CatalogRequestMessage)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"[[[]]]"])
def test_only_an_object_is_a_message(body: bytes) -> None:
    plain.read(body)
    with pytest.raises(MessageError) as caught:
        codec.decode(body, messages.CatalogRequestMessage)
    assert caught.value.reason.code == "message.shape"


def test_the_deepest_that_is_allowed_is_read() -> None:
    assert plain.read(b"[" * DEEP + b"]" * DEEP)
    assert plain.read(b'{"a":' * DEEP + b"1" + b"}" * DEEP)


def test_brackets_and_colons_in_strings_count_for_nothing() -> None:
    text = {"[" * 200: ':"{\\' * 20, "a": ["\\", '"', '\\"', "\\\\"]}
    assert plain.read(json.dumps(text).encode()) == text


def test_memory_for_a_mebibyte_is_bounded() -> None:
    body = b'{"a":0,"a":[' + b'"' + b'","'.join([b"x" * 48] * (plain.MAX_VALUES - 3)) + b'"]}'
    assert len(body) > 2**20 * 0.95
    tracemalloc.start()
    try:
        with pytest.raises(MessageError, match="duplicate"):
            plain.read(body)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\:[]{}é', max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def spelled(value: Any, twice: bool) -> str:
    """JSON text, with the first key of every object written a second time if asked."""
    if isinstance(value, dict):
        pairs = [*value.items(), *(list(value.items())[:1] if twice else [])]
        return "{ " + " ,\n".join(f"{json.dumps(key)} : {spelled(item, twice)}" for key, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(spelled(item, twice) for item in value) + " ]"
    return json.dumps(value)


@given(VALUES)
def test_whatever_is_valid_is_read_as_it_is(value: Any) -> None:
    assert plain.read(spelled(value, twice=False).encode()) == value


@given(VALUES)
def test_a_key_twice_is_always_seen(value: Any) -> None:
    text = spelled(value, twice=True)
    if text != spelled(value, twice=False):
        with pytest.raises(MessageError):
            plain.read(text.encode())


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_anything_else_ends_in_a_code(body: bytes) -> None:
    try:
        codec.decode(body, messages.CatalogRequestMessage)
    except MessageError as error:
        assert error.reason.code.startswith("message.")  # noqa: PT017

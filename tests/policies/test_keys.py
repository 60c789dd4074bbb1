"""Covers policies/keys.py: keys that stand twice in one object."""

from __future__ import annotations

import pytest

from policies import forms
from policies.forms import Form
from policies.model import PolicyError


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        (b'{"a": 1,\n"a": 2}', "a", "line 2"),
        (b'{"a": {"b": 1,\n\n"b": 1}}', "b", "line 3"),
        (b'[{"a": 1}, {"c": [], "d": {}, "c": 1}]', "c", "line 1"),
        (b'{"action": 1,\n"\\u0061ction": 2}', "action", "line 2"),
        (b'{"a\\":": 1,\n"a\\":": 2}', 'a":', "line 2"),
        (b'\xef\xbb\xbf{"a": 1, "a": 1}', "a", "line 1"),
    ],
)
def test_a_key_that_stands_twice_is_refused_at_its_line(text: bytes, key: str, place: str) -> None:
    for form in (Form.JSONLD, Form.DSP):
        with pytest.raises(PolicyError) as error:
            forms.read(text, form)
        assert (error.value.reason.code, error.value.reason.params) == ("form.duplicate", {"key": key})
        assert error.value.where == place


@pytest.mark.parametrize(
    "text",
    [b'{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', b'{"a": "a\\\\", "b": ":\\":", "c\\\\": 1.5}', b"[]", b'{"": ":"}'],
)
def test_a_key_in_several_objects_is_none_that_stands_twice(text: bytes) -> None:
    assert forms.decoded(text) is not None

"""Callback addresses that peers give us."""

from __future__ import annotations

import pytest

from connector.errors import MessageError
from connector.services.addresses import callback


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://utility.example/dsp/2025-1", "https://utility.example/dsp/2025-1"),
        ("https://utility.example:8443/dsp/", "https://utility.example:8443/dsp"),
        ("http://127.0.0.1:8180", "http://127.0.0.1:8180"),
    ],
)
def test_read(given: str, read: str) -> None:
    assert callback(given) == read


@pytest.mark.parametrize(
    "given",
    [
        "",
        "utility.example/dsp",
        "ftp://utility.example",
        "https://",
        "https://user@utility.example",
        "https://user:secret@utility.example",
        "https://utility.example?x=1",
        "https://utility.example#x",
        "https://utility.example:port",
        "https://utility.example/" + "x" * 2048,
        "https://[::1",
    ],
)
def test_refused(given: str) -> None:
    with pytest.raises(MessageError) as wrong:
        callback(given)
    assert wrong.value.reason.params == {"place": "/callbackAddress"}

"""connector/data/readings/opening.py: nothing is read that is not sealed, and nothing without bounds."""

from __future__ import annotations

import hashlib
from random import Random

import pytest

from connector.data.readings import opening
from connector.data.readings.model import Part
from connector.errors import MessageError, RefusedError, TooLargeError
from tests.connector.data.readings.posts import Box

BOX = Box()
LEGEND, ONE, TWO = BOX.legend(), BOX.batch(1, 5), BOX.batch(6, 9)


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def test_what_came_is_told_apart() -> None:
    found = opening.opened(LEGEND + ONE + TWO + BOX.gap((10, 12)), BOX.keys)
    assert [one.number for one in found.legends] == [1]
    assert [(one.batch.first, one.message) for one in found.batches] == [(1, ONE), (6, TWO)]
    assert found.gaps[0].gaps[0].ranges == ((10, 12),)
    assert found.provable is None
    assert opening.opened(b"", BOX.keys).batches == ()


@pytest.mark.parametrize(
    ("parts", "provable"),
    [
        ((Part(1, 1, 5, digest(ONE)), Part(1, 6, 4, digest(TWO))), True),
        ((Part(1, 6, 4, digest(TWO)), Part(1, 1, 5, digest(ONE))), False),
        ((Part(1, 1, 5, digest(ONE)),), False),
        ((Part(1, 1, 5, digest(ONE)), Part(1, 6, 4, digest(ONE))), False),
        ((Part(1, 1, 5, digest(ONE)), Part(1, 6, 5, digest(TWO))), False),
        ((Part(2, 1, 5, digest(ONE)), Part(1, 6, 4, digest(TWO))), False),
    ],
)
def test_a_manifest_proves_what_is_in_it(parts: tuple[Part, ...], provable: bool) -> None:
    manifest = BOX.manifest(*parts)
    found = opening.opened(LEGEND + ONE + TWO + manifest, BOX.keys)
    assert found.provable == (manifest if provable else None)


def test_a_post_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLargeError):
        opening.opened(b"\0" * (opening.MOST_BYTES + 1), BOX.keys)
    monkeypatch.setattr(opening, "MOST_MESSAGES", 2)
    with pytest.raises(TooLargeError):
        opening.opened(LEGEND + ONE + TWO, BOX.keys)
    monkeypatch.undo()
    monkeypatch.setattr(opening, "MADE", 8)
    monkeypatch.setattr(opening, "MADE_PER_BYTE", 0)
    with pytest.raises(TooLargeError):
        opening.opened(LEGEND + ONE + TWO, BOX.keys)


def test_the_message_that_is_wrong_is_named() -> None:
    with pytest.raises(RefusedError) as wrong:
        opening.opened(LEGEND + Box().batch(1, 2), BOX.keys)
    assert wrong.value.reason.params == {"number": "2"}


def test_whatever_comes_is_read_or_refused() -> None:
    draw, body = Random(5), LEGEND + ONE + TWO
    for _ in range(3000):
        data = bytearray(body)
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        changed = bytes(data[: draw.randrange(len(data) + 1)]) if draw.random() < 0.3 else bytes(data)
        if changed == body:
            continue
        try:
            found = opening.opened(changed, BOX.keys)
        except (MessageError, RefusedError):
            continue
        # Whole messages, fewer of them.
        assert body.startswith(changed), found

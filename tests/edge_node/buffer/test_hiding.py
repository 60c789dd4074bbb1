"""A medium that is taken away tells nothing of what was measured; who has the secret reads everything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.data.readings.model import Batch, Field, Kind, Legend, Rows, Series
from edge_node.buffer import Limits, Sealed
from edge_node.buffer.hiding import CREDENTIAL, SECRET_BYTES, Hiding, hiding
from edge_node.errors import KeepingError
from tests.edge_node.buffer.device import BEGIN, everything, legend, opened, sealed, sealer

SECRET = bytes(range(SECRET_BYTES))


def with_secret(secret: bytes | None = SECRET, *, closes: bool = True) -> Hiding:
    return Hiding(secret, closes=closes, draw=os.urandom)


def on_the_medium(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def told(text: str, first: int = 1) -> Sealed:
    """A reading whose value is a text that is looked for."""
    return sealer().batch(Batch(1, 1, first, Rows([BEGIN], [0], [[text]])))


def meaning() -> bytes:
    fields = (Field("name", kind=Kind.TEXT),)
    return sealer().legend(Legend(1, 0, ((1, Series("air", fields)),), ((0, "house 7"),)))


async def test_nothing_that_was_measured_stands_on_the_medium(tmp_path: Path) -> None:
    """Neither values nor names of things nor what is kept beside them; without the secret all of it does."""
    for folder, own, seen in (("open", with_secret(None), True), ("closed", with_secret(), False)):
        buffer = opened(tmp_path / folder, hiding=own)
        await buffer.append([told("Miller")], [meaning()])
        await buffer.put("key", b"pseudonyms")
        lying = on_the_medium(tmp_path / folder)
        await buffer.close()
        lying += on_the_medium(tmp_path / folder)
        for text in (b"Miller", b"house 7", b"pseudonyms"):
            assert (text in lying) is seen, (folder, text)


async def test_what_goes_out_is_what_the_device_has_sealed(tmp_path: Path) -> None:
    """Also after a start."""
    batch = sealed(1, 5)
    buffer = opened(tmp_path, hiding=with_secret())
    await buffer.append([batch], [legend()])
    await buffer.put("orders", b"some")
    await buffer.close()
    again = opened(tmp_path, hiding=with_secret())
    assert again.read(1, ((1, 5),), 1 << 20) == [batch]
    assert again.legend() == [legend()]
    assert again.get("orders") == b"some"
    assert again.get("nothing") is None
    await again.close()


async def test_small_batches_are_put_together_closed(tmp_path: Path) -> None:
    """Segments that are closed and written anew."""
    buffer = opened(tmp_path, hiding=with_secret(), limits=Limits(bytes=1 << 20, segment=1 << 14, loose=0))
    await buffer.append([], [legend()])
    for first in range(1, 400):
        await buffer.append([sealed(first)])
    await buffer.close()
    again = opened(tmp_path, hiding=with_secret())
    assert everything(again) == list(range(1, 400))
    assert len(again.read(1, ((1, 399),), 1 << 20)) < 200  # some were put together
    await again.close()
    assert b"thing-1" not in on_the_medium(tmp_path)


@pytest.mark.parametrize("other", [None, bytes(SECRET_BYTES)])
async def test_without_the_secret_the_device_does_not_begin_and_nothing_is_damaged(
    tmp_path: Path, other: bytes | None
) -> None:
    buffer = opened(tmp_path, hiding=with_secret())
    await buffer.append([sealed(1, 3)], [legend()])
    await buffer.close()
    with pytest.raises(KeepingError) as caught:
        opened(tmp_path, hiding=with_secret(other, closes=other is not None))
    assert caught.value.code == "buffer.locked"
    again = opened(tmp_path, hiding=with_secret())
    assert everything(again) == [1, 2, 3]
    assert again.gaps() == []
    await again.close()


async def test_it_can_be_begun_and_ended_with_readings_in_it(tmp_path: Path) -> None:
    for first, own in ((1, with_secret(None)), (2, with_secret()), (3, with_secret(closes=False))):
        buffer = opened(tmp_path, hiding=own)
        await buffer.append([sealed(first)], [legend()] if first == 1 else [])
        await buffer.put("value", b"%d" % first)
        await buffer.close()
    buffer = opened(tmp_path, hiding=with_secret(closes=False))
    assert everything(buffer) == [1, 2, 3]
    assert buffer.get("value") == b"3"
    await buffer.close()


async def test_a_value_may_begin_as_what_is_closed_does(tmp_path: Path) -> None:
    buffer = opened(tmp_path)
    await buffer.put("value", b"\xd0\x83 and more")
    await buffer.close()
    buffer = opened(tmp_path)
    assert buffer.get("value") == b"\xd0\x83 and more"
    await buffer.put("value", None)
    assert buffer.get("value") is None
    await buffer.close()


def test_the_secret_is_a_credential(tmp_path: Path) -> None:
    (tmp_path / CREDENTIAL).write_bytes(SECRET)
    (tmp_path / CREDENTIAL).chmod(0o400)
    own = hiding(tmp_path, closes=True, draw=os.urandom)
    assert own.closed(b"text") != own.closed(b"text")
    assert own.opened(own.closed(b"text")) == b"text"
    kept = hiding(tmp_path, closes=False, draw=os.urandom)
    assert kept.closed(b"text") == b"text"
    assert kept.opened(own.closed(b"text")) == b"text"


@pytest.mark.parametrize("content", [None, b"short", b"x" * 33])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / CREDENTIAL).write_bytes(content)
        (tmp_path / CREDENTIAL).chmod(0o400)
    with pytest.raises(KeepingError) as caught:
        hiding(tmp_path, closes=True, draw=os.urandom)
    assert caught.value.code == "buffer.key"


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / CREDENTIAL).write_bytes(SECRET)
    (tmp_path / CREDENTIAL).chmod(0o644)
    for closes in (True, False):
        with pytest.raises(KeepingError):
            hiding(tmp_path, closes=closes, draw=os.urandom)


def test_no_directory_of_credentials() -> None:
    with pytest.raises(KeepingError):
        hiding(None, closes=True, draw=os.urandom)
    assert hiding(None, closes=False, draw=os.urandom).closed(b"text") == b"text"

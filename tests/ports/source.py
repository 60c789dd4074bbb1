"""What every Source must do: a base class for the tests of each adapter."""

from __future__ import annotations

import hashlib

import pytest

from connector.errors import NodeError, UnknownError
from connector.ports import Content, Source
from connector.records import Asset


async def read(content: Content, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in content.chunks(start, stop)])


class SourceContract:
    """Subclasses give a `source` and a `thing` (an asset it serves, of known size) as fixtures, and `whole`: its bytes
    where they are known."""

    whole: bytes | None = None

    async def test_what_it_serves_passes_its_check(self, source: Source, thing: Asset) -> None:
        assert list(source.check(thing.settings)) == []
        assert source.kind == thing.kind

    async def test_unknown_settings_do_not_pass(self, source: Source, thing: Asset) -> None:
        assert source.check({**thing.settings, "no such setting": 1})

    async def test_content_is_what_it_says(self, source: Source, thing: Asset) -> None:
        content = await source.open(thing, "")
        try:
            body = await read(content)
            assert content.etag.startswith('"')
            assert content.etag.endswith('"')
            assert len(body) == content.size
            assert content.sha256 in (None, hashlib.sha256(body).digest())
            assert content.small is None or content.small() == body
            assert self.whole in (None, body)
        finally:
            content.close()

    async def test_any_range_is_a_slice(self, source: Source, thing: Asset) -> None:
        content = await source.open(thing, "")
        try:
            body = await read(content)
            size = len(body)
            for start, stop in ((0, 1), (1, size), (size // 2, size // 2 + 3), (size - 1, None), (size // 3, None)):
                assert await read(content, start, stop) == body[start:stop]
        finally:
            content.close()

    async def test_pieces_are_bounded(self, source: Source, thing: Asset) -> None:
        content = await source.open(thing, "")
        try:
            async for piece in content.chunks(0, None):
                assert 0 < len(piece) <= 1 << 20
        finally:
            content.close()

    async def test_an_unknown_member_is_unknown(self, source: Source, thing: Asset) -> None:
        with pytest.raises(UnknownError):
            await source.open(thing, "no-such-member")

    async def test_errors_tell_no_path(self, source: Source, thing: Asset) -> None:
        with pytest.raises(NodeError) as error:
            await source.open(thing, "a/b/c")
        assert "/" not in str(error.value)

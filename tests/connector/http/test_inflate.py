"""Tests of connector.http.inflate."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connector.http.inflate import InflateError, decoder

PACK = {"": bytes, "identity": bytes, "gzip": gzip.compress, "x-gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("coding", PACK)
@given(content=st.binary(max_size=3_000), cut=st.integers(1, 700), times=st.integers(1, 50))
def test_content_comes_out_as_it_went_in(coding: str, content: bytes, cut: int, times: int) -> None:
    packed = PACK[coding](content * times)
    taking = decoder(coding.upper())
    out = b"".join(piece for at in range(0, len(packed), cut) for piece in taking.feed(packed[at : at + cut]))
    taking.finish()
    assert out == content * times


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_costs_one_piece_at_a_time(coding: str) -> None:
    size = 64 * 1024 * 1024
    bomb = PACK[coding](bytes(size))
    assert len(bomb) < size / 500
    tracemalloc.start()
    total = largest = 0
    for piece in decoder(coding).feed(bomb):
        total += len(piece)
        largest = max(largest, len(piece))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == size
    assert largest <= 4 * 1024 * 1024
    assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_cut_short_altered_or_continued_content_is_refused(coding: str) -> None:
    packed = PACK[coding](b"some content that is long enough" * 9)
    for wrong in (packed[:-1], packed + packed, packed + b"x", b"not packed at all", packed[:9] + b"\xff" + packed[9:]):
        taking = decoder(coding)
        with pytest.raises(InflateError):
            list(taking.feed(wrong))
            taking.finish()


def test_a_frame_may_not_ask_for_a_huge_window() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    packed = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    content = packed.compress(bytes(1_000)) + packed.flush()
    with pytest.raises(InflateError):
        list(decoder("zstd").feed(content))


@pytest.mark.parametrize("coding", ["br", "deflate", "compress", "gzip, gzip", "zstd, gzip", "x"])
def test_codings_that_were_not_asked_for_are_refused(coding: str) -> None:
    with pytest.raises(InflateError):
        decoder(coding)


def test_a_gzip_checksum_is_checked() -> None:
    packed = bytearray(gzip.compress(b"content"))
    packed[-5] ^= 1
    taking = decoder("gzip")
    with pytest.raises(InflateError):
        list(taking.feed(bytes(packed)))
        taking.finish()

"""Kinds told from values, and values made those of their kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.data.queries.model import Field, Kind
from connector.data.sources import kinds
from policies.transforms import Schema, media, numbers


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ([], Kind.TEXT),
        (["1", "-2", "3.5"], Kind.NUMBER),
        (["0", "0.5", "10"], Kind.NUMBER),
        (["01", "10"], Kind.TEXT),
        (["05515", "05566"], Kind.TEXT),
        (["1", "n/a"], Kind.TEXT),
        (["true", "False"], Kind.BOOLEAN),
        (["ja", "nein"], Kind.TEXT),
        (["31.12.2026", "1.1.2027"], Kind.DATE),
        (["2026-12-31"], Kind.DATE),
        (["2026-02-30"], Kind.TEXT),
        (["2026-12-31T14:00:00Z", "2026-12-31 14:00"], Kind.INSTANT),
        (["31.12.2026 14:35"], Kind.INSTANT),
        (["31.12.2026", "31.12.2026 14:35"], Kind.TEXT),
        (["POINT (7 51)", "SRID=4326;POINT(7 51)"], Kind.GEOMETRY),
        (["POINT (7)"], Kind.TEXT),
        (["Polygonweg 3"], Kind.TEXT),
    ],
)
def test_kinds_of_columns(texts: list[str], kind: Kind) -> None:
    assert kinds.of_texts(texts, numbers.plain) is kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None], Kind.JSON),
        ([1, Decimal("1.5"), None], Kind.NUMBER),
        ([True, 1], Kind.JSON),
        (["a", "2026-01-01"], Kind.TEXT),
        (["2026-01-01"], Kind.DATE),
        (["2026-01-01T00:00:00+01:00"], Kind.INSTANT),
        (["123"], Kind.TEXT),
        ([{"type": "Point", "coordinates": [1, 2]}], Kind.GEOMETRY),
        ([{"type": "Hund"}], Kind.JSON),
        ([[1]], Kind.JSON),
        (["a", 1], Kind.JSON),
    ],
)
def test_kinds_of_members(values: list[Any], kind: Kind) -> None:
    assert kinds.of_json(values) is kind


@pytest.mark.parametrize(
    ("kind", "text", "written"),
    [
        (Kind.NUMBER, "1.234,50", "1234.50"),
        (Kind.DATE, "1.7.2026", "2026-07-01"),
        (Kind.INSTANT, "1.7.2026 14:35", "2026-07-01T12:35:00Z"),
        (Kind.INSTANT, "2026-07-01T14:35:00+02:00", "2026-07-01T12:35:00Z"),
        (Kind.INSTANT, "2026-07-01T12:35:00Z", "2026-07-01T12:35:00Z"),
        (Kind.INSTANT, "2026-10-25 02:30", "2026-10-25T01:30:00Z"),
        (Kind.BOOLEAN, "TRUE", "true"),
    ],
)
def test_what_is_written(kind: Kind, text: str, written: str) -> None:
    schema = Schema(("x",), decimals=(",",))
    assert kinds.writers([Field("x", kind)], schema, "Europe/Berlin")[0](text) == written


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NUMBER, "viel"),
        (Kind.DATE, "30.2.2026"),
        (Kind.INSTANT, "gestern"),
        (Kind.INSTANT, "2026-02-30T12:35:00Z"),
        (Kind.BOOLEAN, "vielleicht"),
    ],
)
def test_what_is_of_another_kind(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        kinds.writers([Field("x", kind)], Schema(("x",), decimals=(",",)), "Europe/Berlin")[0](text)


def test_a_time_is_clear_only_where_there_is_one() -> None:
    one = media.body("application/x-ndjson", lambda: iter([b'{"t":"2026-01-01T00:00:00Z","d":"2026-01-01"}']))
    assert kinds.shape(one).time == "t"
    two = media.body("application/x-ndjson", lambda: iter([b'{"t":"2026-01-01T00:00:00Z","u":"2026-01-01T00:00:00Z"}']))
    assert kinds.shape(two).time == ""

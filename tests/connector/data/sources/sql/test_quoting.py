"""Names and values stay names and values, whatever stands in them."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connector.data.sources.sql.quoting import Handed, identifier, literal
from connector.errors import SourceError
from tests.servers.postgres import Database

HOSTILE = [
    "'",
    "''",
    "\\",
    "\\'",
    "'; DROP TABLE air; --",
    "\\\\'",
    "$$",
    "E'",
    "ß\u2028",
    "%s",
    "/*",
    "\r\n",
    "\ufeff",
    "'\\",
]


def test_postgres_reads_each_literal_and_name_as_it_was(postgres_database: Database) -> None:
    """With either meaning of a backslash."""

    async def all_of_them() -> None:
        connection = await asyncpg.connect(postgres_database.city_url)
        loop = asyncio.get_running_loop()

        async def same(text: str, conforming: bool) -> None:
            await connection.execute(f"SET standard_conforming_strings = {'on' if conforming else 'off'}")
            name = identifier("x" + text[:15])
            row = await connection.fetchrow(f"SELECT {literal(text)} AS {name}, {literal(text)} = $1::text", text)
            assert tuple(row) == (text, True)
            assert next(iter(row.keys())) == "x" + text[:15]

        def run() -> None:
            @settings(max_examples=100, deadline=None, database=None)
            @given(
                st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.sampled_from(HOSTILE)
            )
            @example("".join(HOSTILE))
            def one(text: str) -> None:
                for conforming in (True, False):
                    asyncio.run_coroutine_threadsafe(same(text, conforming), loop).result()

            one()

        try:
            await asyncio.to_thread(run)
        finally:
            await connection.close()

    asyncio.run(all_of_them())


@pytest.mark.parametrize("text", ["\0", "a\0b"])
def test_nothing_with_nul_gets_into_a_statement(text: str) -> None:
    with pytest.raises(SourceError):
        literal(text)
    with pytest.raises(SourceError):
        identifier(text)


def test_no_name_is_none() -> None:
    with pytest.raises(SourceError):
        identifier("")


def test_each_dialect_doubles_its_mark() -> None:
    assert identifier('a"b`c') == '"a""b`c"'
    assert identifier('a"b`c', "`") == '`a"b``c`'


def test_what_is_handed_over_is_no_text_of_the_statement() -> None:
    say = Handed("?{}")
    assert (say("'; DROP"), say("x")) == ("?1", "?2")
    assert say.values == ["'; DROP", "x"] and say.named == {"v1": "'; DROP", "v2": "x"}

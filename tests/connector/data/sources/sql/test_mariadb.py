"""MariaDB as a silo: what its own catalogue tells of an account."""

from __future__ import annotations

from pathlib import Path

from connector.data.sources.sql.mariadb import MariadbReader
from tests.connector.data.sources.sql.silos import around, silo
from tests.servers.mariadb import CITY, Schema


async def test_an_account_that_may_write_anywhere_is_told_of(tmp_path: Path, mariadb_database: Schema) -> None:
    reader, place = MariadbReader(around()), mariadb_database
    name = f"w{place.name[-20:]}"
    place.execute(f"CREATE TABLE air (id int PRIMARY KEY); CREATE USER {name}@'%' IDENTIFIED BY '{CITY}'")
    try:
        narrow = silo("mariadb", place.city_url.replace("//city:", f"//{name}:"), tmp_path)
        place.execute(f"GRANT SELECT ON {place.name}.* TO {name}@'%'")
        assert list(await reader.concerns(narrow)) == []
        place.execute(f"GRANT INSERT ON {place.name}.air TO {name}@'%'")
        assert [one.code for one in await reader.concerns(narrow)] == ["source.may_write"]
    finally:
        place.execute(f"DROP USER {name}@'%'")
    assert list(await reader.concerns(silo("mariadb", place.reader_url, tmp_path))) == []
    await reader.close()

"""Names and values as text of a statement.

What lives here: the one way that each gets into SQL where parameters cannot be had (COPY takes none). What does not:
what is said with them (`conditions`, `steps`). Source: ISO 9075-2, 5.3 and 5.4; PostgreSQL manual, 4.1.2.2 (E'').
"""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import SourceError

Say = Callable[[str], str]
"""A value as it is said in a statement: a literal, or a mark whose value is handed over beside it."""


def identifier(name: str, mark: str = '"') -> str:
    """A name in its quotes. Raises `SourceError` for what can be none."""
    if not name or "\0" in name:
        raise SourceError("source.drift", field=name.replace("\0", "")[:100])
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def literal(text: str) -> str:
    """A text of PostgreSQL, whatever `standard_conforming_strings` says. Raises `SourceError` for a text that no value
    of the database can be equal to."""
    if "\0" in text:
        raise SourceError("source.broken", detail="a value with NUL")
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in quoted else quoted


class Handed:
    """Values that are handed over beside the statement, each by its number: a mark may stand before an earlier one."""

    def __init__(self, mark: str) -> None:
        self.values: list[str] = []
        self._mark = mark

    @property
    def named(self) -> dict[str, str]:
        """The values by the names `v1`, `v2`..."""
        return {f"v{n}": value for n, value in enumerate(self.values, 1)}

    def __call__(self, text: str) -> str:
        """The mark of one more value."""
        self.values.append(text)
        return self._mark.format(len(self.values))

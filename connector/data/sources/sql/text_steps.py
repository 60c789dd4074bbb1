"""What every database does of a chain: filters by a text, fields that do not leave, fields with one text in them.

What lives here: these steps where texts are all that has to be said. What does not: times, places and statistics, which
PostgreSQL alone says exactly (`postgres_steps`), which field a step means (`steps`).
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.data.queries.model import Field, Kind, OneOf
from connector.data.sources.sql.filters import FOUND, NOT_FOUND, Filter
from connector.data.sources.sql.quoting import Say
from connector.data.sources.sql.values import Dialect, Value
from policies.transforms.steps import Keep, Replace, Step, Suppress


def does(step: Step, fields: Mapping[str, Field]) -> bool:
    """Is this step done exactly, for these fields by their names? Those of a step are all there."""
    match step:
        case Keep(field=field, operator=operator, values=values):
            if fields[field].kind is not Kind.TEXT or any("\0" in one for one in values):
                return False
            return operator in NOT_FOUND or (operator in FOUND and "" not in values)
        case Suppress():
            return True
        case Replace(by=by):
            return "\0" not in by
        case _:
            return False


def finds(step: Step, fields: Mapping[str, Field]) -> bool:
    """As `does`, for databases that take no blanks of every kind away: a filter tells which texts, not which none."""
    return does(step, fields) and not (isinstance(step, Keep) and step.operator in NOT_FOUND)


def keep(value: Value, step: Keep, words: Dialect, say: Say) -> Filter:
    """Only rows with such a text. A text with blanks around it is none of those that are named (`sql`)."""
    if step.operator in FOUND:
        bare = tuple(one for one in step.values if one == one.strip())
        return Filter(words.one_of(value, OneOf(step.field, bare), say))
    text = words.bare(value, say)
    each = [f"{text} <> {words.text(one, say)}" for one in step.values]
    return Filter(f"({' AND '.join(each)})")

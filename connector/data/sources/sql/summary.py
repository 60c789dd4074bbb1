"""Statistics over groups, as PostgreSQL makes them.

What lives here: `Aggregate` over treated rows, groups in the order and statistics in the writing of
`policies.transforms`. What does not: the rows (`statement`), thresholds and noise, which are the node's.

A mean has 17 digits and is rounded to even, as the node has it: it is made of whole numbers, which are exact.
"""

from __future__ import annotations

from typing import Final

from connector.data.queries.model import Kind
from connector.data.sources.sql import postgres_steps
from connector.data.sources.sql.postgres_words import Postgres
from connector.data.sources.sql.values import Value, Values
from policies.transforms import cells
from policies.transforms.steps import Aggregate

_DIGITS: Final = 17


def summary(step: Aggregate, inner: str) -> str:
    """Rows of statistics out of `inner`, which gives the columns `g0`..., and `m0`... as numbers."""
    keys = [f"g{n}" for n in range(len(step.groups))]
    made = ["count(*)::numeric"] if "count" in step.statistics else []
    asked = [one for one in step.statistics if one != "count"]
    made += [_statistic(one, f"m{n}") for n in range(len(step.fields)) for one in asked]
    picks = [*keys, *(f"{sql} AS s{n}" for n, sql in enumerate(made)), "count(*) OVER () AS cells"]
    return f"SELECT {', '.join(picks)} FROM ({inner}) AS measured GROUP BY {', '.join(keys)}"  # noqa: S608


def inner_columns(groups: list[str], measured: list[str], values: Values) -> list[str]:
    """What `summary` wants of each row."""
    keys = [f"COALESCE({values[name].text}, '') AS g{n}" for n, name in enumerate(groups)]
    return [*keys, *(f"{postgres_steps.number(values[name])} AS m{n}" for n, name in enumerate(measured))]


def released(step: Aggregate, words: Postgres, kinds: list[Kind]) -> dict[str, Value]:
    """The columns of `summary` as values, by the names that they leave with."""
    made = {name: _group(f"g{n}", kind, words) for n, (name, kind) in enumerate(zip(step.groups, kinds, strict=True))}
    for n, name in enumerate(cells.names(step.fields, step.statistics)):
        text = f"trim_scale(s{n})::text"
        made[name] = Value(kind=Kind.NUMBER, sql=f"s{n}", text=text, type="numeric")
    return made


_TYPES: Final = {Kind.NUMBER: "numeric", Kind.BOOLEAN: "boolean", Kind.INSTANT: "timestamptz", Kind.DATE: "date"}


def _group(sql: str, kind: Kind, words: Postgres) -> Value:
    """A text of a group as its kind; what leaves is the text."""
    text = f"NULLIF({sql}, '')"
    made = words.typed(kind, f"{text}::{_TYPES[kind]}" if kind in _TYPES else text, _TYPES.get(kind, "text"))
    return Value(kind=kind, sql=made.sql, text=text, type=made.type, readable=made.readable)


def order(groups: int) -> str:
    """As the node puts keys in order: by their canonical text."""
    return "(" + " || ',' || ".join(f"to_json(g{n})::text" for n in range(groups)) + ') COLLATE "C"'


def bounded() -> str:
    """Fails where there are more cells than a run may have."""
    return f"(CASE WHEN cells > {cells.MOST} THEN 1 / (0 * cells) = 1 ELSE true END)"


def _statistic(name: str, sql: str) -> str:
    if name == "mean":
        return _mean(f"sum({sql})", f"count({sql})")
    return f"{name}({sql})"


def _mean(total: str, count: str) -> str:
    """`total / count` to 17 digits, half to even."""
    size = f"abs({total})"
    guess = f"(CASE WHEN {size} = 0 THEN 0 ELSE floor(log({size} / {count})) END)::int"
    power = "('1e' || ({}))::numeric"
    # A logarithm is rounded; which power of ten it is, is said exactly.
    above, below = f"{size} >= {count} * {power.format(f'{guess} + 1')}", f"{size} < {count} * {power.format(guess)}"
    shift = f"({_DIGITS - 1} - ({guess} + CASE WHEN {above} THEN 1 WHEN {size} > 0 AND {below} THEN -1 ELSE 0 END))"
    scaled = f"({size} * {power.format(shift)})"
    whole, rest = f"div({scaled}, {count})", f"mod({scaled}, {count})"
    up = f"(CASE WHEN 2 * {rest} > {count} OR (2 * {rest} = {count} AND mod({whole}, 2) = 1) THEN 1 ELSE 0 END)"
    return f"(CASE WHEN {count} > 0 THEN sign({total}) * ({whole} + {up}) * {power.format(f'-{shift}')} END)"

"""Policies with duties, and what is left of a text that leaves under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.model import ODRL, Atomic, Operator, Policy, PolicyKind, Rule, RuleKind
from policies.transforms import Given, media, plan
from policies.transforms.ledger import Before, Draw, Fresh, Terms, Told, settle

OWN = "urn:allmende:"
NOW = 1_790_000_000_000_000
"""2026-09-21T14:13:20Z."""
KEY = b"k" * 32
EQ, ANY, GTEQ = Operator.EQ, Operator.IS_ANY_OF, Operator.GTEQ


def iri(name: str) -> str:
    return name if ":" in name else OWN + name


def duty(action: str, *constraints: tuple[str, Operator, str | list[str]], **equal: str) -> Rule:
    atoms = [Atomic(iri(left), operator, (right,) if isinstance(right, str) else tuple(sorted(right)))
             for left, operator, right in constraints]  # fmt: skip
    atoms += [Atomic(iri(left), EQ, (right,)) for left, right in equal.items()]
    return Rule(RuleKind.DUTY, iri(action), tuple(atoms))


def policy(*duties: Rule, rules: tuple[Rule, ...] = ()) -> Policy:
    permission = Rule(RuleKind.PERMISSION, ODRL + "use", duties=duties)
    return Policy("urn:example:policy", PolicyKind.AGREEMENT, (permission, *rules))


def suppress(*fields: str) -> Rule:
    return duty("suppress", ("field", ANY, list(fields)))


def hourly(field: str = "time", resolution: str = "PT1H") -> Rule:
    return duty("coarsen", temporalResolution=resolution, timeField=field)


def at_least(k: int, *groups: str, **more: str) -> Rule:
    named = [("groupField", ANY, list(groups))] if groups else []
    return duty(ODRL + "anonymize", ("minGroupSize", GTEQ, str(k)), *named, **more)


def summed(*groups: str, field: str = "kwh", statistics: tuple[str, ...] = ("count", "sum")) -> Rule:
    return duty("aggregate", ("groupBy", ANY, list(groups)), ("statistic", ANY, list(statistics)), field=field)


class Memory:
    """What one consumer was told of one dataset, in memory."""

    def __init__(self, draw: Draw | None = None) -> None:
        self.before, self._draw = Before(), draw

    def settle(self, fresh: Mapping[str, Fresh], terms: Terms) -> Mapping[str, Told]:
        answer = settle(self.before, fresh, terms, self._draw)
        cells = {**self.before.cells, **answer.news}
        self.before = Before(answer.division, cells, answer.spent, len(cells))
        return answer.told


def given(**changes: Any) -> Given:
    return Given(**{"now": NOW, "key": KEY, "settle": Memory().settle, **changes})


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def left(data: bytes | str, media_type: str, terms: Policy, has: Given | None = None, *, size: int = 1000) -> bytes:
    """What leaves of a text."""
    raw = data.encode() if isinstance(data, str) else data
    body = media.body(media_type, lambda: pieces(raw, size))
    made = plan(terms, body.schema)
    return b"".join(body.written(made.run(body, has or given()), made))


def rows_left(rows: list[Any], columns: tuple[str, ...], terms: Policy, has: Given | None = None) -> list[Any]:
    """What leaves of the rows of a table."""
    from policies.transforms import Schema

    made = plan(terms, Schema(columns))
    return [list(row) for row in made.run([list(row) for row in rows], has or given())]

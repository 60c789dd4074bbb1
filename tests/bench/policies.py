"""The rows of `scripts/bench policies`: what it costs to decide, to make ready, to read and to explain.

What lives here: set-ups and measurements. What does not: judging (`rows`), right and wrong (`tests/policies`,
`tests/hostile/policies`).

Yardsticks: Cedar's engine in this process with as many policies loaded, `json.loads` of the same text, pyodre for the
same policy, a bare csv loop, and the same command line that only prints its help.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cedarpy
import msgspec
from pyodre.odre import ODRE  # type: ignore[import-untyped]

from connector.data.agreed import Agreed, Agreements
from connector.protocol import codec
from connector.records import Agreement
from policies import parse
from policies.compile import Compiled
from policies.evaluate import evaluate
from policies.model import Access, Operator, PolicyKind, Semantics
from policies.operands import OPERANDS, PURPOSE
from policies.vocabulary import DPV, PURPOSES, READ
from tests.bench import transforming
from tests.bench.rows import Goal, Row, rounds, say

DECIDE = Goal("decide", "one of 1,000 agreements decides, beside Cedar's call", "us", 0.1)
DECIDE_P99 = Goal("decide_p99", "99 of 100 decisions are made within", "us", 20.0, absolute=True)
COMPILE_100 = Goal("compile_100", "a policy of 100 constraints read and compiled, beside json.loads of it", "us", 40.0)
EVALUATE = Goal("evaluate_pyodre", "a policy read and evaluated, beside pyodre", "us", 0.01)
TRANSFORM = Goal(
    "transform_rows", "suppress, coarsen, pseudonymise, beside a csv loop by hand", "rows/s", 0.7, at_least=True
)
TRANSFORM_MANY = Goal("transform_many", "the same, with another person in each row", "rows/s", 0.7, at_least=True)
EXPLAIN = Goal("explain", "`policy explain` above `--help`", "ms", 100.0, absolute=True)
MANY, CALLS = 1_000, 20_000
NOW = 1_800_000_000_000_000
CITY, PEER = "did:web:city.example", "did:web:utility.example"
BENEFIT = DPV + "PublicBenefit"


def _until(text: str) -> dict[str, Any]:
    return {"leftOperand": "dateTime", "operator": "lt", "rightOperand": {"@value": text, "@type": "xsd:dateTime"}}


def _agreement(number: int) -> Agreement:
    """One of many: until a day, for the public benefit, so many uses, never by others."""
    allowed = {"leftOperand": "count", "operator": "lteq", "rightOperand": {"@value": "1000", "@type": "xsd:integer"}}
    purpose = {"leftOperand": "purpose", "operator": "isA", "rightOperand": BENEFIT}
    commerce = {"leftOperand": "purpose", "operator": "isA", "rightOperand": DPV + "CommercialPurpose"}
    document = {
        "@id": f"urn:uuid:{number}",
        "@type": "Agreement",
        "target": f"urn:dataset:{number}",
        "assigner": CITY,
        "assignee": PEER,
        "timestamp": "2026-01-01T00:00:00Z",
        "permission": [{"action": "use", "constraint": [_until("2030-01-01T00:00:00Z"), purpose, allowed]}],
        "prohibition": [{"action": "use", "constraint": [commerce]}],
    }
    return Agreement(
        id=f"urn:uuid:{number}",
        negotiation="urn:uuid:n",
        role="provider",
        peer=PEER,
        dataset=f"urn:dataset:{number}",
        document=document,
        message=b"{}",
        hash=codec.digest(document),
        concluded=0,
    )


class Loaded:
    """A node's agreements, as many of Cedar's policies that say the same, and requests to one of them after another."""

    def __init__(self) -> None:
        self._kept = {record.id: record for record in map(_agreement, range(MANY))}
        self._agreements, self._number = Agreements(), 0
        for record in self._kept.values():
            self._agreements.read(record)
        self._cedar = cedarpy.PolicySet.from_str("\n".join(map(_cedar, range(MANY))))
        self._entities = cedarpy.Entities.from_json_str("[]")
        self._purposes = _belongs("DataAltruism")

    def ours(self) -> None:
        """The decision of the gate: the stored agreement, its terms, the access."""
        number = self._next()
        agreed: Agreed = self._agreements.read(self._kept[f"urn:uuid:{number}"])
        access = Access(READ, PEER, f"urn:dataset:{number}", {PURPOSE: (DPV + "DataAltruism",)})
        assert agreed.terms.decide(access, NOW, 3).permit

    def theirs(self) -> None:
        """The decision of Cedar."""
        request = {
            "principal": f'Party::"{PEER}"',
            "action": 'Action::"read"',
            "resource": f'Data::"{self._next()}"',
            "context": {"now": NOW, "purposes": self._purposes, "count": 4},
        }
        assert cedarpy.is_authorized(request, self._cedar, self._entities).allowed

    def _next(self) -> int:
        self._number = (self._number + 7) % MANY
        return self._number


def _cedar(number: int) -> str:
    """The same agreement, in the form that is cheapest there: a request brings along what its purpose belongs to."""
    head = f'principal == Party::"{PEER}", action == Action::"read", resource == Data::"{number}"'
    return (
        f'permit({head}) when {{ context.now < 1893456000000000 && context.purposes.contains("PublicBenefit") '
        f"&& context.count <= 1000 }};\n"
        f'forbid({head}) when {{ context.purposes.contains("CommercialPurpose") }};'
    )


def _belongs(purpose: str) -> list[str]:
    """A purpose and all those above it, by local names."""
    values = OPERANDS[PURPOSE].values
    return [one for one in PURPOSES if values.holds(Operator.IS_A, (DPV + one,), DPV + purpose)]


def times(call: Callable[[], object], count: int) -> list[float]:
    """Microseconds of each of so many calls."""
    found = []
    for _ in range(count):
        began = time.perf_counter_ns()
        call()
        found.append((time.perf_counter_ns() - began) / 1000)
    return found


def _median(call: Callable[[], object], count: int) -> Callable[[], float]:
    return lambda: statistics.median(times(call, count))


def decide(count: int) -> Row:
    """Microseconds of a decision, median."""
    loaded = Loaded()
    return rounds(DECIDE, count, _median(loaded.ours, CALLS), _median(loaded.theirs, 300))


def decide_p99(count: int) -> Row:
    """Microseconds within which 99 of 100 decisions are made."""
    loaded = Loaded()
    found = [statistics.quantiles(times(loaded.ours, CALLS), n=100)[98] for _ in range(count)]
    say(f"{DECIDE_P99.id}: {', '.join(f'{one:.1f}' for one in found)} us")
    return DECIDE_P99.judged(found, [1.0] * count)


def compile_100(count: int) -> Row:
    """Microseconds from a document of 100 constraints to its decision function."""
    document = _agreement(0).document
    constraints = [_until(f"{2030 + number}-01-01T00:00:00Z") for number in range(98)]
    permission = {"action": "use", "constraint": [*constraints, *document["permission"][0]["constraint"][1:]]}
    document = {**document, "permission": [permission], "prohibition": []}
    text = json.dumps(document)

    def ours() -> None:
        policy = parse.from_dsp(document, PolicyKind.AGREEMENT)
        Compiled(policy, Semantics.STRICT)

    return rounds(COMPILE_100, count, _median(ours, 200), _median(lambda: json.loads(text), 2_000))


def evaluate_pyodre(count: int) -> Row:
    """Microseconds from the text of a policy, as it comes over the wire, to the decision.

    pyodre's text is the same policy, in JSON-LD and without offsets, which it does not know; it takes no request.
    """
    between = [("gt", "2024-01-01T00:00:00"), ("lt", "2099-01-01T00:00:00")]
    engine, asked = ODRE(), Access(READ, PEER, "urn:example:data")

    def text(offset: str, **parts: str) -> str:
        times = [{"@value": value + offset, "@type": "xsd:dateTime"} for _, value in between]
        constraints = [
            {"leftOperand": "dateTime", "operator": operator, "rightOperand": value}
            for (operator, _), value in zip(between, times, strict=True)
        ]
        rule = {"action": "read", "constraint": constraints}
        return json.dumps({**parts, "@type": "Offer", "target": "urn:example:data", "permission": [rule]})

    ours_text = text("Z", **{"@id": "urn:example:policy"}).encode()
    theirs_text = text("", **{"@context": "http://www.w3.org/ns/odrl.jsonld", "uid": "urn:example:policy"})

    def ours() -> None:
        assert evaluate(parse.from_dsp(msgspec.json.decode(ours_text), PolicyKind.OFFER), asked, NOW).permit

    def theirs() -> None:
        assert READ in engine.enforce(theirs_text)

    theirs()
    return rounds(EVALUATE, count, _median(ours, 200), _median(theirs, 10))


def transform_rows(count: int) -> Row:
    """Rows a second through the transforms of a policy; few people, so that pseudonyms are remembered."""
    return _transformed(TRANSFORM, count, transforming.FEW)


def transform_many(count: int) -> Row:
    """Rows a second where each row needs a pseudonym of its own."""
    return _transformed(TRANSFORM_MANY, count, transforming.MANY)


def _transformed(goal: Goal, count: int, people: int) -> Row:
    data = transforming.table(meters=people)
    assert transforming.planned(data) == transforming.by_hand(data)

    def a_second(run: Callable[[bytes], bytes]) -> Callable[[], float]:
        return lambda: transforming.ROWS / min(times(lambda: run(data), 3)) * 1_000_000

    return rounds(goal, count, a_second(transforming.planned), a_second(transforming.by_hand))


def explain(count: int) -> Row:
    """Milliseconds that the command line needs to explain a policy, less what it needs for its help."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.json"
        path.write_text(json.dumps({**_agreement(0).document, "@type": "Agreement"}))
        # An installed program has its modules compiled; here they are compiled by the first, uncounted call.
        warm = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        words = ("policy", "explain", str(path))
        _command(warm, *words)
        pairs = [(_command(warm, *words), _command(warm, "--help")) for _ in range(2 * count + 1)]
    say(f"{EXPLAIN.id}: {', '.join(f'{ours:.0f} - {theirs:.0f}' for ours, theirs in pairs)} ms")
    # The best of each: what else the machine does only ever adds to it.
    ours, theirs = (min(one) for one in zip(*pairs, strict=True))
    return EXPLAIN.judged([ours - theirs], [1.0])


def _command(environment: Mapping[str, str], *words: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [Path(sys.executable).with_name("allmende"), *words], check=True, capture_output=True, env=environment
    )
    return (time.perf_counter() - began) * 1000


ROWS: dict[str, Callable[[int], Row]] = {
    "decide": decide,
    "decide_p99": decide_p99,
    "compile_100": compile_100,
    "evaluate_pyodre": evaluate_pyodre,
    "transform_rows": transform_rows,
    "transform_many": transform_many,
    "explain": explain,
}

"""`scripts/bench NAME [--json] [--rounds N] [--only ROW ...]`: measures beside yardsticks and judges."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

from tests.bench import catalog, data, edc, edge, evidence, node, policies, restore, trust
from tests.bench.rows import Report, Row, encoded, machine, table
from tests.conformance.kit import UnavailableError

BENCHES: Mapping[str, Mapping[str, Callable[[int], Row]]] = {
    "node": node.ROWS,
    "edc": edc.ROWS,
    "trust": trust.ROWS,
    "policies": policies.ROWS,
    "data": data.ROWS,
    "edge": edge.ROWS,
    "catalog": catalog.rows(),
    "operate": {**restore.ROWS, **evidence.ROWS, **edc.ROWS},
}
ROUNDS = 5
UNAVAILABLE = 69


def main() -> int:
    """0 where every goal holds, 1 where one does not, 69 where a yardstick cannot be had."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side is measured (odd)")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="these rows alone")
    given = parser.parse_args()
    chosen = {id: row for id, row in BENCHES[given.name].items() if not given.only or id in given.only}
    if not chosen:
        parser.error(f"no such row; there are {', '.join(BENCHES[given.name])}")
    try:
        report = Report(given.name, machine(), [row(given.rounds) for row in chosen.values()])
    except UnavailableError as error:
        print(f"a yardstick could not be had: {error}", file=sys.stderr)
        return UNAVAILABLE
    print(encoded(report) if given.json else table(report))
    return 0 if all(row.holds for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`scripts/bench NAME [--json] [--rounds N] [--only ROW ...]`: measures beside yardsticks and judges."""

from __future__ import annotations

import argparse
import sys

from tests.bench import node
from tests.bench.rows import Report, encoded, machine, table

BENCHES = {"node": node.ROWS}
ROUNDS = 5


def main() -> int:
    """0 where every goal holds, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side is measured (odd)")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="these rows alone")
    given = parser.parse_args()
    chosen = {id: row for id, row in BENCHES[given.name].items() if not given.only or id in given.only}
    if not chosen:
        parser.error(f"no such row; there are {', '.join(BENCHES[given.name])}")
    report = Report(given.name, machine(), [row(given.rounds) for row in chosen.values()])
    print(encoded(report) if given.json else table(report))
    return 0 if all(row.holds for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Our file and function sizes beside those of admired projects, measured with `ast` in the same way.

A guide to the place that wants to be thought through again, not a limit.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("connector", "policies", "catalog", "certs", "edge_node")
HEADER = ("code", "files", "lines", "file med/p95/max", "functions", "function med/p95/max", "> 50 lines", "typed")
ANCHORS = (
    ("h11", "11", "2568", "153/659/659", "95", "7/49/64", "3.2 %", "100 %"),
    ("httpcore (async)", "22", "4642", "146/516/592", "291", "7/40/103", "4.1 %", "98 %"),
    ("structlog", "21", "7274", "245/1241/1249", "349", "7/38/182", "2.6 %", "96 %"),
    ("svcs", "8", "2609", "295/1199/1199", "134", "10/40/95", "1.5 %", "100 %"),
    ("synapse/handlers", "58", "51038", "567/2537/3259", "953", "31/144/936", "-", "91 %"),
)
LARGEST = 10


@dataclass(frozen=True)
class Function:
    """One function as written: where it stands and how long it is."""

    place: str
    lines: int
    typed: bool


def functions(path: Path) -> list[Function]:
    """Every function and method of a file, nested ones too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            found.append(Function(place, (node.end_lineno or 0) - node.lineno + 1, node.returns is not None))
    return found


def spread(values: list[int]) -> str:
    """Median, 95th percentile and maximum."""
    ordered = sorted(values) or [0]
    return "/".join(str(ordered[int((len(ordered) - 1) * part)]) for part in (0.5, 0.95, 1.0))


def row(name: str, paths: list[Path]) -> tuple[str, ...]:
    """One line of the table."""
    lengths = [len(path.read_text().splitlines()) for path in paths]
    found = [function for path in paths for function in functions(path)]
    count = max(len(found), 1)
    return (
        name,
        str(len(paths)),
        str(sum(lengths)),
        spread([length for length in lengths if length]),
        str(len(found)),
        spread([function.lines for function in found]),
        f"{100 * sum(function.lines > 50 for function in found) / count:.1f} %",
        f"{100 * sum(function.typed for function in found) / count:.0f} %",
    )


def main() -> int:
    """Print the table and the largest functions."""
    ours = {name: sorted((ROOT / name).rglob("*.py")) for name in (*PACKAGES, "tests")}
    code = [path for name in PACKAGES for path in ours[name]]
    rows = [HEADER, *ANCHORS, *(row(name, ours[name]) for name in ours if ours[name]), row("all code", code)]
    widths = [max(len(line[i]) for line in rows) for i in range(len(HEADER))]
    for line in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    tests = sum(len(path.read_text().splitlines()) for path in ours["tests"])
    lines = sum(len(path.read_text().splitlines()) for path in code)
    print(f"\nlines of tests to lines of code: {tests / max(lines, 1):.2f} (h11 1.08, structlog 1.29, h2 1.78)")
    print(f"\nthe {LARGEST} longest functions:")
    every = [function for path in code for function in functions(path)]
    for function in sorted(every, key=lambda one: -one.lines)[:LARGEST]:
        print(f"{function.lines:5d}  {function.place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

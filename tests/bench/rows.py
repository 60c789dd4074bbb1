"""Rows of a bench: a figure, the yardstick's figure of the same run, and whether the goal holds.

What lives here: rounds, medians, judging, printing. What does not: what is measured. Both sides run turn by turn, who
begins changes each round, and the ratio is the median of the rounds' ratios, so that a slow minute of the machine hits
both.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

HOME = Path(".cache/bench")
"""On the disk of the work tree: a folder for temporary files may be in memory."""


class Row(Struct, frozen=True):
    """One line of the report. `target` bounds `ratio`, or `value` where there is no ratio."""

    id: str
    goal: str
    value: float
    unit: str
    yardstick: float | None
    ratio: float | None
    target: float
    holds: bool


class Report(Struct, frozen=True):
    """What `--json` prints."""

    name: str
    machine: dict[str, str]
    rows: list[Row]


class Goal(Struct, frozen=True):
    """What a row has to reach: a ratio of at least or at most `target`, or a value of at most `target`."""

    id: str
    about: str
    unit: str
    target: float
    at_least: bool = False
    absolute: bool = False

    def judged(self, values: Sequence[float], yardsticks: Sequence[float]) -> Row:
        """The row of these rounds."""
        ratio = statistics.median(value / other for value, other in zip(values, yardsticks, strict=True))
        value, yardstick = statistics.median(values), statistics.median(yardsticks)
        judged = value if self.absolute else ratio
        bound = f"{'value' if self.absolute else 'ratio'} {'>=' if self.at_least else '<='} {self.target}"
        return Row(
            id=self.id,
            goal=f"{self.about}: {bound}",
            value=round(value, 3),
            unit=self.unit,
            yardstick=None if self.absolute else round(yardstick, 3),
            ratio=None if self.absolute else round(ratio, 3),
            target=self.target,
            holds=judged >= self.target if self.at_least else judged <= self.target,
        )


def rounds(goal: Goal, count: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Row:
    """Measure both `count` times, turn by turn."""
    values, yardsticks = [], []
    for number in range(count):
        if number % 2:
            yardsticks.append(theirs())
            values.append(ours())
        else:
            values.append(ours())
            yardsticks.append(theirs())
        say(f"{goal.id} {number + 1}/{count}: {values[-1]:.1f} {goal.unit}, yardstick {yardsticks[-1]:.1f}")
    return goal.judged(values, yardsticks)


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    names = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def table(report: Report) -> str:
    """The report for people."""
    lines = []
    for row in report.rows:
        beside = "" if row.ratio is None else f"  yardstick {row.yardstick:>10,.1f}  ratio {row.ratio:6.3f}"
        verdict = "holds" if row.holds else "MISSED"
        lines.append(f"{row.id:12s} {row.value:>10,.1f} {row.unit:7s}{beside}  {verdict}  ({row.goal})")
    return "\n".join(lines)


def encoded(report: Report) -> str:
    """The report as one line of JSON."""
    return msgspec.json.encode(report).decode()

"""Suppress, coarsen and pseudonymise over the rows of a CSV file, beside a bare loop that does the same by hand.

What lives here: both loops and the data. What does not: timing them and holding them against each other (`policies`).
"""

from __future__ import annotations

import csv
import hmac
import io
from collections.abc import Iterator

from policies.model import ODRL, Atomic, Operator, Policy, PolicyKind, Rule, RuleKind
from policies.transforms import Given, media, plan, pseudonyms

KEY = b"k" * 32
ROWS = 40_000
FEW, MANY = 500, 1_000_003
"""Meters: each comes again and again, or none comes twice."""
OWN = "urn:allmende:"
NOW = 1_780_000_000_000_000


def _duty(action: str, **constraints: str) -> Rule:
    found = tuple(Atomic(OWN + name, Operator.EQ, (value,)) for name, value in constraints.items())
    return Rule(RuleKind.DUTY, OWN + action, found)


def policy() -> Policy:
    """A permission with the three duties."""
    duties = (
        _duty("suppress", field="address"),
        _duty("coarsen", temporalResolution="PT1H", timeField="read_at"),
        _duty("pseudonymise", field="meter"),
    )
    return Policy("urn:example:policy", PolicyKind.SET, (Rule(RuleKind.PERMISSION, ODRL + "use", duties=duties),))


def table(rows: int = ROWS, meters: int = FEW) -> bytes:
    """Readings of some meters, one every few seconds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["meter", "read_at", "address", "kwh", "quality"])
    for n in range(rows):
        at = f"2026-07-{1 + n // 8640 % 28:02d}T{n // 360 % 24:02d}:{n // 6 % 60:02d}:{n % 6 * 10:02d}Z"
        writer.writerow([f"DE-{n * 7919 % meters:010d}", at, f"Musterweg {n % 200}", f"{n % 997 / 8:.3f}", "ok"])
    return out.getvalue().encode()


def by_hand(data: bytes) -> bytes:
    """The loop that a programmer would write."""
    key = pseudonyms.of_period(KEY, NOW, "")
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    meter, read_at, _, kwh, quality = next(rows)
    writer.writerow([meter, read_at, kwh, quality])
    for row in rows:
        pseudonym = hmac.digest(key, row[0].encode(), "sha256").hex()[:32]
        writer.writerow([pseudonym, row[1][:13] + ":00:00Z", row[3], row[4]])
    return out.getvalue().encode()


def planned(data: bytes) -> bytes:
    """The same by the chain of a policy, plan and all."""

    def opened() -> Iterator[bytes]:
        for start in range(0, len(data), 1 << 20):
            yield data[start : start + (1 << 20)]

    body = media.body("text/csv", opened)
    chain = plan(policy(), body.schema)
    return b"".join(body.written(chain.run(body, Given(now=NOW, key=KEY)), chain))

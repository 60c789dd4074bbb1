"""Terms of use in their short form, as options: for `policy add`, `negotiate` and `negotiation counter`.

What lives here: the options. What does not: what they mean and whether they can be read; the node asks
`policies.terms`. A day is a day in Europe/Berlin, the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from connector.cli.output import remark, today
from connector.cli.words import either

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--purpose",
        "purposes",
        multiple=True,
        help="What the data is for: a purpose of the Data Privacy Vocabulary (ResearchAndDevelopment) or an IRI; "
        "repeatable.",
    ),
    click.option("--from", "not_before", metavar="DAY|INSTANT", help="First day of use (2027-01-01), or an instant."),
    click.option("--until", metavar="DAY|INSTANT", help="Last day of use (2027-12-31), or an instant."),
    click.option("--count", type=click.IntRange(min=1), help="How many times the data may be fetched."),
    click.option(
        "--spatial",
        multiple=True,
        help="Where it is used: the digits of a municipality's key (AGS, ARS) or an IRI; repeatable.",
    ),
    click.option(
        "--notice",
        metavar="PERIOD",
        help="With how much notice either side can end the contract: P30D, P4W, P3M; without it nobody can by notice.",
    ),
)


def with_terms(command: F) -> F:
    """Add the options of the short form to a command; `given_terms` reads them."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def given_terms(**said: Any) -> dict[str, Any]:
    """The short form as the management API takes it; what was not said is left out. A last day that is over is told."""
    until = said.get("until") or ""
    if _DAY.fullmatch(until) and until < today():
        remark(
            either(
                f"{until} is over: these terms allow nothing any more.",
                f"{until} ist vorbei: diese Bedingungen erlauben nichts mehr.",
            )
        )
    return {name: value for name, value in said.items() if value not in (None, ())}

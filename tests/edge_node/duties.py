"""Policies with duties in the form of the protocol, and a keeping in memory."""

from __future__ import annotations

from typing import Any

from policies import render
from policies.model import Rule
from tests.policies.transforms.duties import ANY, duty, hourly, policy, summed


class Kept(dict[str, bytes]):
    """Small things by name; what is put is there."""

    async def put(self, name: str, value: bytes | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value


def document(*duties: Rule) -> dict[str, Any]:
    """An offer with these duties."""
    made = render.to_dsp(policy(*duties))
    return {**made, "@type": "Offer"} if "@type" in made else made


def means(*groups: str, field: str = "temp") -> tuple[Rule, ...]:
    """Hourly statistics of a field."""
    return hourly("at"), summed(*groups, field=field, statistics=("count", "mean"))


def masked(*fields: str, period: str = "") -> Rule:
    """Pseudonyms."""
    more = {"pseudonymPeriod": period} if period else {}
    return duty("pseudonymise", ("field", ANY, list(fields)), **more)

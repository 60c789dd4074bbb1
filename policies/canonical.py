"""The canonical digest: one name for what a policy says, whatever form, order or ids it was written with."""

from __future__ import annotations

from policies.model import Policy


def digest(policy: Policy) -> str:
    """SHA-256 (hex) over what the policy says, independent of ids of rules, order and form."""
    raise NotImplementedError

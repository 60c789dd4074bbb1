"""Short names that operators give to things: assets, policies, frame contracts.

What lives here: which names there can be. What does not: whether one is taken (the services that keep the things).
"""

from __future__ import annotations

from connector.errors import InputError

RULE = "a name has 1 to 64 letters, digits, dots, hyphens or underscores"


def named(name: str) -> None:
    """Raises `InputError` for what can be no name."""
    if not (0 < len(name) <= 64 and all(c.isascii() and (c.isalnum() or c in ".-_") for c in name)):
        raise InputError("name.form", name=name[:64], rule=RULE)

"""Where data processes and the control process meet: two Unix sockets in the node's directory."""

from __future__ import annotations

from pathlib import Path


def questions(directory: Path) -> Path:
    """Where the control process answers questions."""
    return directory / "workers.sock"


def public(directory: Path) -> Path:
    """Where the control process takes what peers have sent to the public port and what is no access to data."""
    return directory / "public.sock"

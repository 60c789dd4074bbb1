"""What stops an update. Its text is for the log of the package manager; nothing has changed where it is raised, unless
its author says so."""

from __future__ import annotations


class ReleaseError(Exception):
    """One sentence: what is wrong."""

"""Where the official files about DCAT are, and a small catalogue of our own."""

from __future__ import annotations

import pytest

from tests.standards import STANDARDS

DCAT = STANDARDS / "dcat"
EXAMPLES = DCAT / "examples"

needs_standards = pytest.mark.skipif(not DCAT.is_dir(), reason=f"no official files at {DCAT} (ALLMENDE_STANDARDS)")
"""Mark of every test that reads the official files."""
__all__ = ["DCAT", "EXAMPLES", "STANDARDS", "needs_standards"]

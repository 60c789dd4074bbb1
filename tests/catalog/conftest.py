"""The official shapes, read once a session: that takes seconds."""

from __future__ import annotations

import pytest

from catalog.rdf.contexts import Shapes
from tests.catalog.samples import LOIRE


@pytest.fixture(scope="session")
def shapes() -> Shapes:
    """The full shapes of ontology 2511 with its classes."""
    return Shapes((LOIRE / "shapes.ttl").read_bytes(), (LOIRE / "ontology-classes.ttl").read_bytes())

"""Template directories, made once per process."""

from __future__ import annotations

import pytest

from tests.simulation.prepared import Prepared


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Two neighbours."""
    return Prepared(tmp_path_factory.mktemp("prepared"), ("city", "utility"))


@pytest.fixture(scope="session")
def prepared_three(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Three neighbours."""
    return Prepared(tmp_path_factory.mktemp("prepared-three"), ("city", "utility", "town"))

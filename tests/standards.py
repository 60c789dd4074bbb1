"""Where the official schemas, examples and contexts are: `ALLMENDE_STANDARDS`, else `../shared/standards`.

They are oracles of tests and no part of the project; tests that need them are skipped visibly where they are absent.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
STANDARDS = Path(os.environ.get("ALLMENDE_STANDARDS", ROOT.parent / "shared" / "standards")).resolve()
DSP = STANDARDS / "dsp"

needs_standards = pytest.mark.skipif(
    not DSP.is_dir(), reason=f"no official schemas at {STANDARDS} (ALLMENDE_STANDARDS)"
)
"""Mark of every test that reads the official files."""


def load(path: Path) -> Any:
    """A JSON file of the standards."""
    return json.loads(path.read_bytes())


def examples() -> list[Path]:
    """The official DSP examples; empty where the standards are absent."""
    return sorted(DSP.glob("*/example/*.json"))


def schemas() -> dict[str, Any]:
    """The official DSP schemas by `$id`. Three transfer schemas refer to `x.json#definitions/..`: the slash that is
    missing there is put in."""
    found: dict[str, Any] = {}
    for path in sorted(DSP.glob("*/*-schema.json")):
        schema = json.loads(path.read_text().replace(".json#definitions/", ".json#/definitions/"))
        found[schema["$id"]] = schema
    return found

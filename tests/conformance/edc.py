"""A real Eclipse EDC opposite a node of ours: as provider, as consumer, every scenario a row.

What lives here: the run. What does not: the scenarios (`tests.edc.scenarios`), fetching and starting EDC
(`tests.edc.artifacts`, `tests.edc.runtime`). EDC's state machines wait 50 ms, as in its own end-to-end tests, so that
the run is short.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.conformance.kit import Kit, Result, UnavailableError
from tests.edc import opposite
from tests.edc.artifacts import DEFAULT, RELEASES, runnable
from tests.edc.runtime import running, until
from tests.edc.scenarios import names, played
from tests.edc.scene import PATIENCE, THEIRS, Scene
from tests.edc.silo import silo

PROVIDER, CONSUMER = "did:web:edc-provider.example", "did:web:edc-consumer.example"
RECORDED = Path("tests/edc/recorded")


def kit(version: str | None) -> Kit:
    """An EDC of this version. Raises `UnavailableError` for one that is not known here."""
    release = RELEASES.get(version or DEFAULT)
    if release is None:
        raise UnavailableError(f"no such version; there are {', '.join(RELEASES)}")
    return release.kit(len(names(release.pulls)))


def test(kit: Kit, jars: Path | None, show: Callable[[str], None], *, record: bool) -> Result:
    """Play every scenario; with `record` what the EDC says is written down for the replay.

    Raises `UnavailableError`.
    """
    release = RELEASES[kit.version]
    what = runnable(release, jars)
    recordings = RECORDED / kit.version if record else None
    if recordings is not None:
        shutil.rmtree(recordings, ignore_errors=True)
    failures = []
    with (
        tempfile.TemporaryDirectory(prefix="allmende-edc-") as directory,
        silo({"/data.csv": THEIRS}) as address,
        running(what, Path(directory), (PROVIDER, CONSUMER), tuned=True) as (provider, consumer),
        opposite.started(Path(directory) / "ours", recordings) as ours,
    ):
        scene = Scene(ours, provider, consumer, address, Path(directory))
        scene.prepare()
        until(provider.data_plane, PATIENCE, "the data plane")
        provider.recordings = recordings
        for name, scenario in names(release.pulls).items():
            began = time.monotonic()
            wrong = played(scenario, scene)
            seconds = time.monotonic() - began
            if wrong is not None:
                failures.append(f"{name}: {wrong}")
            show(f"passed {name} ({seconds:.1f} s)" if wrong is None else f"FAILED {name} ({seconds:.1f} s): {wrong}")
    return Result(kit.tests - len(failures), len(failures), tuple(failures), complete=True)

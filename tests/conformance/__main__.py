"""`scripts/conformance NAME [--json] [--kit FOLDER] [--version V] [--record]`: runs a kit, or a foreign connector
opposite, and says in the last line how it went."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from tests.conformance import dcp, dps, dsp, edc
from tests.conformance.kit import Kit, Result, UnavailableError
from tests.edc import signaling

SUITES = {"dsp": dsp, "dcp": dcp, "dps": dps, "edc": edc, "edc-dps": signaling}
UNAVAILABLE = 69


def main() -> int:
    """0 all passed, 1 something failed, 69 the kit could not be had."""
    parser = argparse.ArgumentParser(prog="scripts/conformance", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument(
        "--json", action="store_true", help="one JSON object as the last line, the kit's own output before it"
    )
    parser.add_argument("--kit", type=Path, metavar="FOLDER", help="a folder with the kit's jars, instead of Maven")
    parser.add_argument("--version", help="another version of the kit than the one that counts")
    parser.add_argument("--record", action="store_true", help="edc: write down what it says, for tests without it")
    given = parser.parse_args()
    try:
        kit, result = _run(given)
    except UnavailableError as error:
        print(f"{given.suite} {given.version or ''} could not be had: {error}", file=sys.stderr)
        return UNAVAILABLE
    for failure in result.failures:
        print(f"FAILED {failure}")
    if given.json:
        said = {"suite": given.suite, "version": kit.version, "passed": result.passed, "failed": result.failed}
        print(msgspec.json.encode(said).decode())
    else:
        print(f"{given.suite} {kit.version}: {result.passed} passed, {result.failed} failed of {kit.tests}")
    return 0 if result.holds(kit) else 1


def _run(given: argparse.Namespace) -> tuple[Kit, Result]:
    """Raises `UnavailableError`."""

    def show(line: str) -> None:
        print(line, flush=True)

    if given.suite == "edc":
        kit = edc.kit(given.version)
        return kit, edc.test(kit, given.kit, show, record=given.record)
    suite = {"dcp": dcp, "dps": dps, "dsp": dsp, "edc-dps": signaling}[given.suite]
    if given.version not in (None, suite.KIT.version) or given.record:
        raise UnavailableError(f"there is {suite.KIT.version}, and nothing to record")
    return suite.KIT, suite.test(given.kit, show)


if __name__ == "__main__":
    sys.exit(main())

"""`scripts/conformance NAME [--json] [--kit FOLDER]`: runs a kit and says in the last line how it went."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from tests.conformance import dsp
from tests.conformance.kit import UnavailableError

SUITES = {"dsp": dsp}
UNAVAILABLE = 69


def main() -> int:
    """0 all passed, 1 something failed, 69 the kit could not be had."""
    parser = argparse.ArgumentParser(prog="scripts/conformance", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument(
        "--json", action="store_true", help="one JSON object as the last line, the kit's own output before it"
    )
    parser.add_argument("--kit", type=Path, metavar="FOLDER", help="a folder with the kit's jars, instead of Maven")
    given = parser.parse_args()
    suite = SUITES[given.suite]
    try:
        result = suite.test(given.kit, lambda line: print(line, flush=True))
    except UnavailableError as error:
        print(f"{suite.KIT.name} kit {suite.KIT.version} could not be had: {error}", file=sys.stderr)
        return UNAVAILABLE
    for failure in result.failures:
        print(f"FAILED {failure}")
    if given.json:
        said = {"suite": suite.KIT.name, "version": suite.KIT.version, "passed": result.passed, "failed": result.failed}
        print(msgspec.json.encode(said).decode())
    else:
        print(
            f"{suite.KIT.name} {suite.KIT.version}: {result.passed} passed, {result.failed} failed of {suite.KIT.tests}"
        )
    return 0 if result.holds(suite.KIT) else 1


if __name__ == "__main__":
    sys.exit(main())

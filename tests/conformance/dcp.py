"""The DCP conformance kit against a node in all three roles: its coordinates, its settings, its runs.

Source: `org.eclipse.dataspacetck.dcp:dcp-tck` 1.0.2, 85 active mandatory tests of the Decentralized Claims Protocol
1.0 (88 with three that its authors have switched off). In a run the kit plays everybody but the one that it tests, so
there is one run a role, each with the node's DID in the place of the kit's own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from scripts.lib.ports import free_port
from tests.conformance.kit import Kit, Result, fetch, run
from tests.harness.claims import PID, SECRET, Addresses, started

KIT = Kit(
    name="dcp",
    version="1.0.2",
    coordinates=("org.eclipse.dataspacetck.dcp:dcp-tck:1.0.2", "com.squareup.okhttp3:okhttp-jvm:5.4.0"),
    main="org.eclipse.dataspacetck.dcp.suite.DcpTckSuite",
    tests=85,
)
PACKAGES = "org.eclipse.dataspacetck.dcp.verification"


class Role(Struct, frozen=True):
    """What is tested in one run: its name in the kit's settings, the kit's packages, how many tests these have."""

    name: str
    packages: tuple[str, ...]
    tests: int


ROLES = (
    Role("holder", ("presentation.cs", "issuance.cs"), 40),
    Role("verifier", ("presentation.verifier",), 20),
    Role("issuer", ("issuance.issuer",), 25),
)


def test(jars: Path | None, show: Callable[[str], None]) -> Result:
    """Start a node for each role, run the kit against it, stop the node. Raises `kit.UnavailableError`."""
    folder = jars or fetch(KIT)
    return together([_one(folder, role, show) for role in ROLES])


def _one(folder: Path, role: Role, show: Callable[[str], None]) -> Result:
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix=f"allmende-dcp-{role.name}-") as directory,
        started(Path(directory), address(port)) as addresses,
    ):
        return run(KIT, folder, settings(role, addresses, port), show)


def together(results: list[Result]) -> Result:
    """One result of several runs; it is complete where each role had all of its tests."""
    whole = all(
        one.complete and one.passed + one.failed == role.tests for one, role in zip(results, ROLES, strict=True)
    )
    failures = tuple(failure for one in results for failure in one.failures)
    return Result(sum(one.passed for one in results), sum(one.failed for one in results), failures, whole)


def address(port: int) -> str:
    """Where the kit is."""
    return f"http://127.0.0.1:{port}"


def settings(role: Role, node: Addresses, port: int) -> Mapping[str, str]:
    """The kit's configuration for one role of a node; `port` is where the kit listens."""
    prefix = "dataspacetck"
    own = {
        "holder": {
            f"{prefix}.sts.url": node.sts,
            f"{prefix}.sts.client.id": "kit",
            f"{prefix}.sts.client.secret": SECRET,
            f"{prefix}.credentials.correlation.id": PID,
        },
        "verifier": {f"{prefix}.vpp.trigger.endpoint": node.trigger},
        "issuer": {},
    }
    return {
        f"{prefix}.debug": "false",
        f"{prefix}.ansi": "false",
        f"{prefix}.launcher": "org.eclipse.dataspacetck.dcp.system.DcpSystemLauncher",
        f"{prefix}.host": "127.0.0.1",
        f"{prefix}.port": str(port),
        f"{prefix}.callback.address": address(port),
        f"{prefix}.did.{role.name}": node.did,
        f"{prefix}.test.package": ",".join(f"{PACKAGES}.{name}" for name in role.packages),
        **own[role.name],
    }

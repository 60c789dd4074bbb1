"""The conformance kit of Data Plane Signaling against our data plane and our control plane: its settings, its runs.

Source: `org.eclipse.dataspacetck.dps:dps-tck` 1.2.0, 38 mandatory tests of Data Plane Signaling 1.0-RC3 and the HTTP
Transfer Profile: 28 of a data plane, 10 of a control plane. One run a half: what the kit plays for one is what it tests
in the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scripts.lib.ports import free_port
from tests.conformance.kit import Kit, Result, fetch, run
from tests.harness import driving, flows

KIT = Kit(
    name="dps",
    version="1.2.0",
    coordinates=("org.eclipse.dataspacetck.dps:dps-tck:1.2.0", "com.squareup.okhttp3:okhttp-jvm:5.4.0"),
    main="org.eclipse.dataspacetck.dps.DpsTckSuite",
    tests=38,
)
PACKAGES = "org.eclipse.dataspacetck.dps.verification"
DATA_PLANE, CONTROL_PLANE = 28, 10
WAIT_SECONDS = 10
SCENARIOS: Mapping[str, tuple[str, ...]] = {
    "DP_C_PULL": ("01_01", "01_02", "02_01", "02_02", "03_01", "04_01"),
    "DP_P_PULL": ("01_01", "01_02", "02_01", "02_02", "04_01"),
    "DP_C_PUSH": ("01_01", "01_02", "02_01", "02_02", "03_01", "04_01"),
    "DP_P_PUSH": ("01_01", "01_02", "02_01", "02_02", "03_01", "04_01"),
    "DP_C_HTTP_PULL": ("01_01", "02_01"),
    "DP_P_HTTP_PULL": ("01_01", "02_01", "02_02"),
}
"""The data plane's tests by group."""


def test(jars: Path | None, show: Callable[[str], None]) -> Result:
    """Run the kit against a data plane by itself, then against a control plane. Raises `kit.UnavailableError`."""
    folder = jars or fetch(KIT)
    return together(_data_plane(folder, show), _control_plane(folder, show))


def together(data: Result, control: Result) -> Result:
    """One result of both; it is complete where each half had all of its tests."""
    whole = all(
        one.complete and one.passed + one.failed == tests
        for one, tests in ((data, DATA_PLANE), (control, CONTROL_PLANE))
    )
    return Result(data.passed + control.passed, data.failed + control.failed, data.failures + control.failures, whole)


def _control_plane(folder: Path, show: Callable[[str], None]) -> Result:
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="allmende-dps-") as directory,
        driving.started(Path(directory), address(port)) as addresses,
    ):
        return run(KIT, folder, {**common(port, "controlplane"), **of_control_plane(addresses)}, show)


def _data_plane(folder: Path, show: Callable[[str], None]) -> Result:
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="allmende-dps-") as directory,
        flows.started(Path(directory), address(port)) as addresses,
    ):
        return run(KIT, folder, {**common(port, "dataplane"), **of_data_plane(addresses, port)}, show)


def address(port: int) -> str:
    """Where the kit is."""
    return f"http://127.0.0.1:{port}"


def common(port: int, package: str) -> Mapping[str, str]:
    """The kit's configuration for either half; `port` is where the kit listens."""
    return {
        "dataspacetck.debug": "false",
        "dataspacetck.ansi": "false",
        "dataspacetck.host": "127.0.0.1",
        "dataspacetck.port": str(port),
        "dataspacetck.callback.address": address(port),
        "dataspacetck.dps.default.wait": str(WAIT_SECONDS),
        "dataspacetck.test.package": f"{PACKAGES}.{package}",
    }


def of_data_plane(plane: flows.Addresses, port: int) -> Mapping[str, str]:
    """The kit's configuration for a data plane."""
    prefix = "dataspacetck.dps.dataplane"
    return {
        f"{prefix}.url": plane.signaling,
        f"{prefix}.authorization": f"Bearer {flows.SECRET}",
        f"{prefix}.provider.id": flows.PARTICIPANT,
        f"{prefix}.counterparty.id": f"did:web:127.0.0.1%3A{port}",
        **dict(_scenarios()),
    }


def of_control_plane(node: driving.Addresses) -> Mapping[str, str]:
    """The kit's configuration for a control plane."""
    prefix = "dataspacetck.dps.controlplane"
    found = {
        f"{prefix}.webhook.url": node.webhook,
        f"{prefix}.protocol.url": node.protocol,
        f"{prefix}.signaling.url": node.signaling,
    }
    for group, agreement in (("CP_C", driving.CONSUMED), ("CP_P", driving.PROVIDED)):
        for number in ("01_01", "01_02", "02_01", "02_02", "03_01"):
            found[f"{group}_{number}_AGREEMENTID"] = agreement
            found[f"{group}_{number}_DATASETID"] = driving.DATASET
    return found


def _scenarios() -> Iterator[tuple[str, str]]:
    """`DP_C_PULL_01_01_AGREEMENTID=DPCPULL0101` and its like."""
    for group, numbers in SCENARIOS.items():
        for number in numbers:
            yield f"{group}_{number}_AGREEMENTID", f"{group}{number}".replace("_", "")
            yield f"{group}_{number}_DATASETID", flows.DATASET

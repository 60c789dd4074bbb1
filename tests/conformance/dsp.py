"""The DSP conformance kit against a scripted node: its coordinates, its settings, its run.

Source: `org.eclipse.dataspacetck.dsp:dsp-tck` 1.0.1, 65 mandatory tests of the Dataspace Protocol 2025-1. The okhttp
artifact that Maven resolves for it is empty (Kotlin multiplatform), so `okhttp-jvm` is named beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scripts.lib.ports import free_port
from tests.conformance.kit import Kit, Result, fetch, run
from tests.harness.script import (
    CATALOG,
    CONSUMER_NEGOTIATIONS,
    CONSUMER_TRANSFERS,
    PROVIDER_NEGOTIATIONS,
    PROVIDER_TRANSFERS,
    offer_id,
)
from tests.harness.scripted import Addresses, started

KIT = Kit(
    name="dsp",
    version="1.0.1",
    coordinates=("org.eclipse.dataspacetck.dsp:dsp-tck:1.0.1", "com.squareup.okhttp3:okhttp-jvm:5.4.0"),
    main="org.eclipse.dataspacetck.dsp.suite.DspTckSuite",
    tests=65,
)
AGENT = "CONNECTOR_UNDER_TEST"
WAIT_SECONDS = 10


def test(jars: Path | None, show: Callable[[str], None]) -> Result:
    """Start a scripted node, run the kit against it, stop the node. Raises `kit.UnavailableError`."""
    folder = jars or fetch(KIT)
    with tempfile.TemporaryDirectory(prefix="allmende-dsp-") as directory, started(Path(directory)) as addresses:
        return run(KIT, folder, settings(addresses, free_port()), show)


def settings(node: Addresses, port: int) -> Mapping[str, str]:
    """The kit's configuration for a node; `port` is where the kit listens."""
    prefix = "dataspacetck.dsp"
    return {
        "dataspacetck.debug": "false",
        "dataspacetck.ansi": "false",
        "dataspacetck.host": "127.0.0.1",
        "dataspacetck.port": str(port),
        "dataspacetck.callback.address": f"http://127.0.0.1:{port}",
        f"{prefix}.local.connector": "false",
        f"{prefix}.connector.agent.id": AGENT,
        f"{prefix}.connector.http.url": node.base,
        f"{prefix}.connector.http.base.url": node.root,
        f"{prefix}.connector.http.headers.authorization": "Bearer kit",
        f"{prefix}.connector.negotiation.initiate.url": node.negotiations,
        f"{prefix}.connector.transfer.initiate.url": node.transfers,
        f"{prefix}.default.wait": str(WAIT_SECONDS),
        **dict(_scenarios()),
    }


def _scenarios() -> Iterator[tuple[str, str]]:
    """`CN_01_01_DATASETID=ACN0101` and its like: the id of a scenario is the key's digits under its prefix."""
    for key in PROVIDER_NEGOTIATIONS:
        yield f"{_method('CN', key)}_DATASETID", key
        yield f"{_method('CN', key)}_OFFERID", offer_id(key)
    for key in CONSUMER_NEGOTIATIONS:
        yield f"{_method('CN_C', key)}_DATASETID", key
    for prefix, keys in (("TP", PROVIDER_TRANSFERS), ("TP_C", CONSUMER_TRANSFERS)):
        for key in keys:
            yield f"{_method(prefix, key)}_AGREEMENTID", key
            yield f"{_method(prefix, key)}_FORMAT", "HttpData-PULL"
    for key in (*CATALOG, "CAT0103"):
        yield f"{_method('CAT', key)}_DATASETID", key


def _method(prefix: str, key: str) -> str:
    return f"{prefix}_{key[-4:-2]}_{key[-2:]}"

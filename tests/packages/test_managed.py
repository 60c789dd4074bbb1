"""The device's package under a real systemd: ready, watched, and returned from a release that never gets ready."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from scripts.lib.packing.kinds import EDGE
from tests.packages import foreign
from tests.packages.making import package

pytestmark = pytest.mark.long("package")

WORKS = b"""
import time
from pathlib import Path
from edge_node import notify

def run(directory):
    notify.ready()
    while True:
        if not Path(directory, "hang").exists():
            notify.turn()
        time.sleep(0.5)
"""
"""An agent in short: it hangs where it is told to."""
ENDS = b"def run(directory): pass"
"""One that can be imported, and never gets ready."""

SCRIPT = """
set -x
dpkg --install /root/old/*.deb
echo '{}' >/var/lib/allmende-edge/node.json
systemctl start allmende-edge
echo "started: $(systemctl is-active allmende-edge)"
dpkg --install /root/new/*.deb
echo "status: $?"
echo "in place: $(readlink /opt/allmende-edge/current)"
for turn in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(systemctl is-active allmende-edge)" = active ] && break
  sleep 1
done
echo "goes on: $(systemctl is-active allmende-edge)"
mkdir -p /run/systemd/system/allmende-edge.service.d
printf '[Service]\\nWatchdogSec=3\\n' >/run/systemd/system/allmende-edge.service.d/short.conf
systemctl daemon-reload
systemctl restart allmende-edge
touch /var/lib/allmende-edge/hang
until [ "$(systemctl show --property=NRestarts --value allmende-edge)" != 0 ]; do sleep 1; done
echo "watched: $(journalctl --unit=allmende-edge --output=cat --no-pager | grep -c 'Watchdog timeout')"
"""


def test_a_service_manager_starts_watches_and_returns(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn") or not shutil.which("debootstrap"):
        pytest.skip("needs root, systemd-container and debootstrap")
    system = foreign.managed(tmp_path / "system")
    try:
        for place, version, agent in (("old", "0.1.0", WORKS), ("new", "0.2.0", ENDS)):
            (system / "root" / place).mkdir()
            made = package(EDGE, "amd64", version, **{"edge_node/agent.py": agent})
            shutil.copy(made, system / "root" / place)
        said = foreign.booted(system, SCRIPT, 600)
    finally:
        shutil.rmtree(system)
    told = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line and not line.startswith("+"))
    assert told["started"] == "active", said
    assert told["status"] == "1", said  # the package manager hears that the new one does not run
    assert told["in place"].startswith("0.1.0-"), said
    assert told["goes on"] == "active", said
    assert int(told["watched"]) >= 1, said

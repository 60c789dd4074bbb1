"""The device's package under a real systemd: ready, watched, and returned from a release that never gets ready."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from scripts.lib.packing.kinds import EDGE
from tests.packages import foreign
from tests.packages.making import SETTINGS, enrolled, package

pytestmark = pytest.mark.long("package")

ENDS = b"def run(directory): pass"
"""One that can be imported, and never gets ready."""

SCRIPT = """
set -x
dpkg --install /root/old/*.deb
cp -r /root/enrolled/. /var/lib/allmende-edge
chown -R allmende-edge: /var/lib/allmende-edge
cp /root/edge.toml /etc/allmende-edge/edge.toml
systemctl start allmende-edge
echo "started: $(systemctl is-active allmende-edge)"
for turn in 1 2 3 4 5 6 7 8 9 10; do
  keeps=$(allmende edge status /var/lib/allmende-edge --json | grep -c '"buffer":{"readings":[1-9]')
  [ "$keeps" = 1 ] && break
  sleep 1
done
echo "keeps: $keeps"
dpkg --install /root/new/*.deb
echo "status: $?"
echo "in place: $(readlink /opt/allmende-edge/current)"
for turn in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(systemctl is-active allmende-edge)" = active ] && break
  sleep 1
done
echo "goes on: $(systemctl is-active allmende-edge)"
mkdir -p /run/systemd/system/allmende-edge.service.d
printf '[Service]\\nWatchdogSec=3\\nTimeoutAbortSec=1\\n' >/run/systemd/system/allmende-edge.service.d/short.conf
systemctl daemon-reload
systemctl restart allmende-edge
kill -STOP "$(systemctl show --property=MainPID --value allmende-edge)"
until [ "$(systemctl show --property=NRestarts --value allmende-edge)" != 0 ]; do sleep 1; done
echo "watched: $(journalctl --unit=allmende-edge --output=cat --no-pager | grep -c 'Watchdog timeout')"
journalctl --unit=allmende-edge --output=cat --no-pager | sed 's/: /; /'
"""


def test_a_service_manager_starts_watches_and_returns(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn") or not shutil.which("debootstrap"):
        pytest.skip("needs root, systemd-container and debootstrap")
    system = foreign.managed(tmp_path / "system")
    try:
        for place, version, changed in (("old", "0.1.0", {}), ("new", "0.2.0", {"edge_node/agent.py": ENDS})):
            (system / "root" / place).mkdir()
            made = package(EDGE, "amd64", version, **changed)
            shutil.copy(made, system / "root" / place)
        (system / "root/enrolled").mkdir()
        enrolled(system / "root/enrolled")
        (system / "root/edge.toml").write_text(SETTINGS)
        said = foreign.booted(system, SCRIPT, 600)
    finally:
        shutil.rmtree(system)
    told = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line and not line.startswith("+"))
    assert told["started"] == "active", said
    assert told["keeps"] == "1", said
    assert told["status"] == "1", said  # the package manager hears that the new one does not run
    assert told["in place"].startswith("0.1.0-"), said
    assert told["goes on"] == "active", said
    assert int(told["watched"]) >= 1, said

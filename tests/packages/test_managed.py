"""The device's package under a real systemd: ready, watched, and returned from a release that never gets ready."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from scripts.lib.packing.kinds import EDGE
from scripts.lib.packing.signing import signed
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


ORDERED = """
set -x
dpkg --install /root/old/*.deb
cp -r /root/enrolled/. /var/lib/allmende-edge
mkdir -p /etc/allmende-edge/update-keys
cp /root/key.pem /etc/allmende-edge/update-keys
echo "post-invoke=touch /root/owned" >/var/lib/allmende-edge/.dpkg.cfg
chown -R allmende-edge: /var/lib/allmende-edge
cp /root/edge.toml /etc/allmende-edge/edge.toml
systemctl start allmende-edge
echo "looks: $(systemctl is-active allmende-edge-update.path)"
order() {
  install -d -o allmende-edge /var/lib/allmende-edge/updates
  cp /root/$1/*.deb /var/lib/allmende-edge/updates/ordered.deb
  cp /root/$1/*.release /var/lib/allmende-edge/updates/ordered.deb.release
  for turn in $(seq 120); do
    [ -e /var/lib/allmende-edge/updates/ordered.deb.release ] || break
    sleep 1
  done
  sleep 1
}
installed() { dpkg-query --show --showformat='${Version}' allmende-edge; }
order new
echo "new: $(installed) $(systemctl is-active allmende-edge) $(ls /var/lib/allmende-edge/updates | wc -l)"
echo "readable: $(stat --format=%a /opt/allmende-edge/current/bin)"
order old
echo "old: $(installed) $(systemctl is-active allmende-edge) $(ls /var/lib/allmende-edge/updates | wc -l)"
echo "settings: $(cmp /root/edge.toml /etc/allmende-edge/edge.toml && echo kept)"
echo "owned: $(ls /root/owned 2>/dev/null | wc -l)"
echo "still: $(systemctl is-active allmende-edge-update.path)"
journalctl --unit=allmende-edge-update --output=cat --no-pager | sed 's/: /; /'
"""


def test_what_was_fetched_is_installed_by_root_and_nothing_else_is(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn") or not shutil.which("debootstrap"):
        pytest.skip("needs root, systemd-container and debootstrap")
    system, own = foreign.managed(tmp_path / "system"), Ed25519PrivateKey.generate()
    private = tmp_path / "private.pem"
    private.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        public = own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (system / "root/key.pem").write_bytes(public)
        for place, version in (("old", "0.1.0"), ("new", "0.2.0")):
            (system / "root" / place).mkdir()
            made = Path(shutil.copy(package(EDGE, "amd64", version), system / "root" / place))
            signed(made, EDGE.name, version, "amd64", private)
        (system / "root/enrolled").mkdir()
        enrolled(system / "root/enrolled")
        (system / "root/edge.toml").write_text(SETTINGS)
        said = foreign.booted(system, ORDERED, 600)
    finally:
        shutil.rmtree(system)
    told = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line and not line.startswith("+"))
    assert told["looks"] == "active", said
    assert told["new"] == "0.2.0 active 0", said
    assert told["readable"] == "755", said
    assert told["old"] == "0.2.0 active 0", said  # a downgrade is refused, and not tried again
    assert told["settings"] == "kept", said
    assert told["owned"] == "0", said
    assert told["still"] == "active", said

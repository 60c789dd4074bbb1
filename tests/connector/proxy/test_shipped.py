"""The printed configurations: what of the settings stands in them, and what is refused rather than printed wrongly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from connector.cli.tree import run
from connector.config import Config, Limits, Public
from connector.errors import InputError
from connector.proxy import shipped
from edge_node.packages import fetching

HERE = Path("/srv/node")


def settings(url: str = "https://daten.stadt.example/allmende", **more: object) -> Config:
    return Config(directory=HERE, public_url=url, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [shipped.nginx, shipped.caddy])
def test_no_place_is_left_open(make: object) -> None:
    for url in ("https://daten.stadt.example", "https://daten.stadt.example:8443/a/b", "https://[2a00::1]"):
        for pair in ({}, {"certificate": Path("/c.pem"), "key": Path("/k.pem")}):
            text = make(settings(url), **pair)  # type: ignore[operator]
            assert "{{" not in text.replace("{{public_url}}", "")
            assert "</" not in text
            assert "127.0.0.1:8180" in text
            assert "8181" not in text


def test_nginx_has_the_nodes_own_limits() -> None:
    config = settings(limits=Limits(body_bytes=12_345, header_seconds=7.0, idle_seconds=50.0), public=Public(port=9000))
    text = shipped.nginx(config, certificate=Path("/c.pem"), key=Path("/k.pem"))
    for line in (
        "server 127.0.0.1:9000;",
        "listen 443 ssl sndbuf=256k;",
        "server_name daten.stadt.example;",
        "ssl_certificate /c.pem;",
        "client_max_body_size 12345;",
        "client_header_timeout 7s;",
        "keepalive_timeout 50s;",
        "keepalive_timeout 40s;",
        "location /allmende/data/ {",
        "location = /allmende {",
    ):
        assert f"    {line}\n" in text, line
    assert "location = " not in shipped.nginx(settings("https://daten.stadt.example"))


def test_over_a_unix_socket() -> None:
    config = settings(public=Public(socket="/run/allmende/public.sock"))
    assert "    server unix:/run/allmende/public.sock;\n" in shipped.nginx(config)
    assert "        reverse_proxy unix//run/allmende/public.sock {\n" in shipped.caddy(config)
    with pytest.raises(InputError, match=r"proxy\.value"):
        shipped.nginx(settings(public=Public(socket="/run/all mende/public.sock")))


def test_a_certificate_that_is_not_named() -> None:
    assert "/etc/letsencrypt/live/daten.stadt.example/fullchain.pem" in shipped.nginx(settings())
    assert "\n    tls " not in shipped.caddy(settings())


@pytest.mark.parametrize("make", [shipped.nginx, shipped.caddy])
def test_what_is_refused(make: object) -> None:
    wrong = {
        "proxy.own_tls": settings(public=Public(tls_certificate="c", tls_key="k")),
        "proxy.plain": settings("http://127.0.0.1:8180"),
        "proxy.value": settings("https://daten.stadt.example/a;b"),
    }
    for code, config in wrong.items():
        with pytest.raises(InputError) as refused:
            make(config)  # type: ignore[operator]
        assert refused.value.reason.code == code
    for path in ("/a b.pem", "/a;b.pem", "/$host.pem", "/a{b}.pem", '/a"b.pem', "/a#b.pem", "/a\nb.pem", "/ä.pem"):
        with pytest.raises(InputError, match=r"proxy\.value"):
            make(settings(), certificate=Path(path), key=Path("/k"))  # type: ignore[operator]


def test_a_unit_that_systemd_understands(tmp_path: Path) -> None:
    text = shipped.service(replace(settings(), directory=tmp_path), program=Path("/bin/true"), user="daemon")
    for name in ("token.pem", "audit.pem", "seal.key", "grant.key"):
        assert f"LoadCredential={name}:{tmp_path}/keys/{name}\n" in text
    assert f"ReadWritePaths={tmp_path}\n" in text
    judged(text, tmp_path)


def judged(text: str, folder: Path, name: str = "allmende-test.service") -> None:
    """systemd understands the unit, and holds it to be shut in well enough (2.0 of 10)."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = folder / name
    unit.write_text(text)
    found = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert unit.name not in found.stderr, found.stderr
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("package", ["allmende", "allmende-edge"])
def test_the_unit_of_a_package(package: str, tmp_path: Path) -> None:
    text = shipped.packaged(package)
    before, start, after = (text.index(f"\n{name}=") for name in ("ExecStartPre", "ExecStart", "ExecStartPost"))
    assert before < start < after
    for act in ("settle", "confirm"):  # a shell looks whether there is anything to do
        releases = f"/usr/bin/python3.11 -I /usr/lib/{package}/releases.pyz {package} {act}"
        assert f"=+/bin/sh -c 'test ! -e /opt/{package}/update || exec {releases}'\n" in text
    assert f"StateDirectory={package}\n" in text
    assert "{{" not in text
    assert "ReadWritePaths=/" not in text
    judged(
        text.replace(f"/opt/{package}/current/bin/allmende", "/bin/true").replace(f"User={package}", "User=daemon"),
        tmp_path,
    )


def test_the_unit_of_a_device(tmp_path: Path) -> None:
    text = shipped.device_service(tmp_path, program=Path("/bin/true"), user="daemon")
    for line in ("Type=notify", "WatchdogSec=60", f"ReadWritePaths={tmp_path}", "ExecStart=/bin/true edge run"):
        assert f"\n{line}" in text
    assert "releases" not in text
    judged(text, tmp_path)
    with pytest.raises(InputError, match=r"proxy\.value"):
        shipped.device_service(tmp_path / "a b", program=Path("/bin/true"), user="daemon")


def test_the_units_that_install_what_was_ordered(tmp_path: Path) -> None:
    """They look where the agent lays it down; root does what only root can, and reads no settings of somebody else."""
    units = shipped.packaged_update("allmende-edge")
    path, service = (units[f"allmende-edge-update.{kind}"] for kind in ("path", "service"))
    place = f"/var/lib/allmende-edge/{fetching.FOLDER}"
    assert f"\nPathExists={place}/{fetching.ANNOUNCEMENT}\n" in path
    assert f"\nExecStart=+/opt/allmende-edge/current/bin/allmende edge update {place}/{fetching.PACKAGE}\n" in service
    assert f"\nExecStopPost=/bin/rm -f {place}/{fetching.ANNOUNCEMENT} {place}/{fetching.PACKAGE}\n" in service
    assert "\nEnvironment=HOME=/root " in service
    assert service.index("UMask=0022") > service.index("UMask=0077")
    assert service.count("=+") == 1
    assert "\nWants=allmende-edge-update.path\n" in shipped.packaged("allmende-edge")
    assert "edge-update" not in shipped.device_service(tmp_path, program=Path("/bin/true"), user="daemon")
    assert "{{" not in path + service
    (tmp_path / "allmende-edge-update.path").write_text(path)
    there = service.replace("/opt/allmende-edge/current/bin/allmende", "/bin/true")
    judged(there.replace("User=allmende-edge", "User=daemon"), tmp_path, "allmende-edge-update.service")
    watching = ["systemd-analyze", "verify", str(tmp_path / "allmende-edge-update.path")]
    assert "allmende-edge-update" not in subprocess.run(watching, capture_output=True, text=True, check=False).stderr


def test_commands_print_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "node"
    assert run(["init", str(directory), "--public-url", "https://daten.stadt.example/allmende"]) == 0
    capsys.readouterr()
    for command, line in (
        (["proxy", "nginx", str(directory)], "    server_name daten.stadt.example;"),
        (["proxy", "caddy", str(directory)], "https://daten.stadt.example:443 {"),
        (["service", str(directory), "--user", "stadt"], "User=stadt"),
    ):
        assert run(command) == 0
        assert line in capsys.readouterr().out.splitlines()
    assert run(["proxy", "nginx", str(directory), "--key", "/k.pem"]) == 2
    assert run(["proxy", "nginx", str(tmp_path / "nothing")]) == 1
    assert "holds no node" in capsys.readouterr().err

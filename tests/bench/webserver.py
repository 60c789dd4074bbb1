"""nginx as the yardstick of a data plane: files by sendfile, plain and over TLS, and a reverse proxy before itself.

What lives here: its settings and its process. What does not: rows. One worker process, as a node is one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scripts.lib.leash import leashed
from scripts.lib.ports import free_port
from tests.conformance.kit import UnavailableError

_SETTINGS = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    proxy_buffering on;
    proxy_max_temp_file_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{plain};
        root {root};
        location /proxied/ {{ proxy_pass http://127.0.0.1:{plain}/; proxy_http_version 1.1; }}
    }}
    server {{
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.3;
        root {root};
    }}
}}
"""


class WebServer:
    """A running nginx: `plain` and `tls` are its addresses, `authority` is the file to check the latter with."""

    def __init__(self, folder: Path, root: Path) -> None:
        plain, tls = free_port(), free_port()
        self.plain, self.tls, self.authority = (
            f"http://127.0.0.1:{plain}",
            f"https://127.0.0.1:{tls}",
            folder / "cert.pem",
        )
        user = "user root;" if os.geteuid() == 0 else ""
        settings = folder / "nginx.conf"
        settings.write_text(_SETTINGS.format(folder=folder, root=root, plain=plain, tls=tls, user=user))
        command = ["nginx", "-p", str(folder), "-c", str(settings), "-e", str(folder / "error.log")]
        self._process = subprocess.Popen(leashed(command))
        _listens(plain)

    def cpu(self) -> float:
        """CPU seconds of the worker process."""
        main = self._process.pid
        (worker,) = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        fields = Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def webserver(folder: Path, root: Path) -> Iterator[WebServer]:
    """nginx for the files below `root`. Raises `UnavailableError` where it is not installed."""
    if shutil.which("nginx") is None:
        raise UnavailableError("nginx is not installed (Debian: apt-get install nginx)")
    running = WebServer(folder, root)
    try:
        yield running
    finally:
        running.close()


def certify(folder: Path) -> Path:
    """A certificate for the loopback and its key, `cert.pem` and `key.pem` in a folder; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = folder / "cert.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate


def _listens(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > end:
            raise UnavailableError("nginx does not listen")
        time.sleep(0.01)

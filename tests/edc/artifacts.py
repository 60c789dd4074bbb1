"""Eclipse EDC as Maven has it: which release, its jars, the few lines of Java that go with it.

What lives here: coordinates and fetching. What does not: running it (`runtime`). EDC is asked of Maven Central by its
published coordinates and kept in `.cache`; nothing of it is part of this project.

Its BOMs are ordinary jars with dependencies. `jetty-websocket` is one of those that exist only as a POM.
`data-plane-public-api-v2`, from which a consumer pulls, was last published with 0.13.0 and fits 0.14.0; 0.15 and later
have nothing in its place, so there no data moves from EDC.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from tests.conformance.kit import CACHE, Kit, UnavailableError, fetch

GROUP = "org.eclipse.edc"
JAVA = Path(__file__).with_name("java")
MAIN = "org.eclipse.edc.boot.system.runtime.BaseRuntime"
DEFAULT = "0.14.0"


class Release(Struct, frozen=True):
    """An EDC: what it is made of, and whether its data can be pulled. `excluded` are artifacts that are not there."""

    version: str
    artifacts: tuple[str, ...]
    excluded: tuple[str, ...]
    pulls: bool

    def kit(self, tests: int) -> Kit:
        """It as something that Maven fetches."""
        versioned = (one if ":" in one else f"{one}:{self.version}" for one in self.artifacts)
        return Kit(
            name=f"edc-{self.version}",
            version=self.version,
            coordinates=tuple(f"{GROUP}:{one}" for one in versioned),
            main=MAIN,
            tests=tests,
            excluded=self.excluded,
        )


_WEBSOCKET = "org.eclipse.jetty.websocket:jetty-websocket"
RELEASES: Mapping[str, Release] = {
    one.version: one
    for one in (
        Release(
            "0.14.0",
            (
                *("controlplane-base-bom", "dataplane-base-bom", "iam-mock"),
                *("data-plane-public-api-v2:0.13.0", "data-plane-spi", "data-plane-util"),
                *("http-spi", "web-spi", "util-lib"),
            ),
            (_WEBSOCKET,),
            pulls=True,
        ),
        Release(
            "0.15.1",
            ("controlplane-base-bom", "dataplane-base-bom", "iam-mock"),
            (_WEBSOCKET, f"{GROUP}:edr-cache-api"),
            pulls=False,
        ),
    )
}


class Runnable(Struct, frozen=True):
    """What a JVM needs: its class path and the folder with the data plane's keys."""

    java: str
    class_path: str
    keys: Path


def runnable(release: Release, jars: Path | None = None) -> Runnable:
    """Fetch and compile what is missing. Raises `UnavailableError`."""
    java, javac = shutil.which("java"), shutil.which("javac")
    if java is None or javac is None:
        raise UnavailableError("a JDK 17 or newer is not installed (Debian: apt-get install default-jdk-headless)")
    folder = (jars or fetch(release.kit(0))).resolve()
    classes = _compiled(javac, folder, CACHE.resolve() / f"edc-{release.version}-opposite")
    return Runnable(java, f"{classes}:{folder}/*", _keys(CACHE.resolve() / "edc-keys"))


def _compiled(javac: str, jars: Path, classes: Path) -> Path:
    """Our few lines of Java against these jars; made anew when they change."""
    source = JAVA / "Opposite.java"
    stamp, wanted = classes / "stamp", sha256(source.read_bytes() + str(jars).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return classes
    shutil.rmtree(classes, ignore_errors=True)
    shutil.copytree(JAVA / "META-INF", classes / "META-INF")
    command = [javac, "--release", "17", "-proc:none", "-cp", f"{jars}/*", "-d", str(classes), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    stamp.write_text(wanted)
    return classes


def _keys(folder: Path) -> Path:
    """A key pair for EDC's data plane, as PEM; of no worth beyond this machine's loopback."""
    if (folder / "public.pem").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "private.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key()
    (folder / "public.pem").write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return folder

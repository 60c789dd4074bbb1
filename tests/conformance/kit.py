"""A conformance kit that Maven fetches and the JVM runs: fetch, run, read its output.

What lives here: what every kit of the Eclipse Dataspace TCK family needs. What does not: a kit's settings and the node
that it tests (`dsp`). The kits print text and never set an exit status, so their output is what is judged: the number
of passed tests has to be the number that is known, or tests that did not run would go unnoticed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

CACHE = Path(".cache/conformance")
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kit</groupId><artifactId>{name}</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
DEPENDENCY = "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>{}</dependency>"
EXCLUSION = "<exclusion><groupId>{}</groupId><artifactId>{}</artifactId></exclusion>"


class UnavailableError(Exception):
    """The kit cannot be had or run on this machine; nothing was tested."""


class Kit(Struct, frozen=True):
    """A kit: its Maven coordinates (group:artifact:version), its main class and how many tests it has. `excluded` are
    dependencies (group:artifact) that it names and that are not to be had, or not needed."""

    name: str
    version: str
    coordinates: tuple[str, ...]
    main: str
    tests: int
    excluded: tuple[str, ...] = ()


class Result(Struct, frozen=True):
    """What a run printed; `failures` are its own words."""

    passed: int
    failed: int
    failures: tuple[str, ...] = ()
    complete: bool = False

    def holds(self, kit: Kit) -> bool:
        """True where every test of the kit ran and passed."""
        return self.complete and self.passed == kit.tests and self.failed == 0


def pom(kit: Kit) -> str:
    """The Maven project that names the kit and nothing else."""
    without = "".join(EXCLUSION.format(*one.split(":")) for one in kit.excluded)
    more = f"<exclusions>{without}</exclusions>" if without else ""
    lines = [DEPENDENCY.format(*coordinate.split(":"), more) for coordinate in kit.coordinates]
    return POM.format(name=kit.name, dependencies="\n".join(lines))


def fetch(kit: Kit) -> Path:
    """The folder with the kit's jars; asked of Maven once. Raises `UnavailableError`."""
    folder = CACHE / kit.name
    project, stamp, jars = folder / "pom.xml", folder / "complete", folder / "lib"
    wanted = pom(kit)
    if stamp.exists() and stamp.read_text() == wanted:
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("Maven is not installed (Debian: apt-get install maven)")
    shutil.rmtree(folder, ignore_errors=True)
    jars.mkdir(parents=True)
    project.write_text(wanted)
    command = [maven, "-q", "-B", "-U", "-f", str(project), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run([*command, f"-DoutputDirectory={jars.resolve()}"], capture_output=True, text=True)
    if done.returncode:
        raise UnavailableError(_cause(done.stdout))
    stamp.write_text(wanted)
    return jars


def _cause(output: str) -> str:
    errors = [line for line in output.splitlines() if "[ERROR]" in line]
    return errors[0].split("[ERROR]", 1)[1].strip() if errors else "Maven failed without a reason"


def run(kit: Kit, jars: Path, properties: Mapping[str, str], show: Callable[[str], None]) -> Result:
    """Run the kit with these settings, showing each line as it comes. Raises `UnavailableError` without Java."""
    java = shutil.which("java")
    if java is None:
        raise UnavailableError("Java 17 or newer is not installed (Debian: apt-get install default-jdk-headless)")
    folder = CACHE / kit.name
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "kit.properties"
    settings.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    command = [java, "-cp", f"{jars.resolve()}/*", kit.main, "-config", str(settings)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            show(lines[-1])
    return read(lines)


_PREFIX = re.compile(r"\x1b\[[0-9;]*m|^\[\d{4}-\d\d-\d\dT[^\]]*\]\s?")
_COUNT = re.compile(r"^(Passed|Failed) tests: (\d+)")


def read(lines: list[str]) -> Result:
    """What the printed lines say: the kit's own counts, where it prints some, or how many tests it says of each."""
    counts: dict[str, int] = {}
    passed, failures, complete = 0, [], False
    for line in lines:
        text = _PREFIX.sub("", _PREFIX.sub("", line)).strip()
        if found := _COUNT.match(text):
            counts[found[1]] = int(found[2])
        elif text.startswith("SUCCESSFUL:"):
            passed += 1
        elif text.startswith("FAILED:"):
            failures.append(text.removeprefix("FAILED:").strip())
        elif text == "Test run complete":
            complete = True
    return Result(counts.get("Passed", passed), counts.get("Failed", len(failures)), tuple(failures), complete)

"""The stage of the demo: real nodes as processes of their own, and the command line as the one way to speak to them.

What lives here: starting, killing and stopping nodes, running `allmende` commands and showing them as a person would
type them. What does not: the story (`scripts/demo.py`). Commands run in this process, through the same entry as the
program's, because starting Python for each would take longer than what they do.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.leash import leashed
from lib.ports import free_port

from connector.cli.remote import management_url
from connector.cli.tree import run

PROGRAM = Path(sys.executable).with_name("allmende")
READY_SECONDS = 30.0
WITNESS_SECONDS = "0.5"


class StageError(Exception):
    """The demo cannot go on, in a sentence."""


class Refused(Exception):  # what a command said; the story expects some of them
    """A command ended with status 1."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class Screen:
    """Where the story is told, in English or German."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._styled = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def chapter(self, en: str, de: str) -> None:
        """The title of a step."""
        print(f"\n{self._style('1', de if self.lang == 'de' else en)}", flush=True)

    def tell(self, en: str, de: str) -> None:
        """One sentence of the story."""
        print(f"  {de if self.lang == 'de' else en}", flush=True)

    def quote(self, line: str) -> None:
        """What a node said."""
        print(f"    > {line}", flush=True)

    def command(self, who: str, line: str) -> None:
        """A command as somebody types it."""
        print(self._style("2", f"  {who}$ {line}"), flush=True)

    def _style(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._styled else text


class Actor:
    """One party of the story with its node."""

    def __init__(self, name: str, directory: Path, screen: Screen) -> None:
        self.name, self.directory = name, directory
        self.url = f"http://127.0.0.1:{free_port()}"
        self.words = ""
        """The fingerprint of its region's keys, else of its own."""
        self._screen = screen
        self._log = directory.parent / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def types(self, *args: str, show: bool = True, token: Path | None = None) -> Any:
        """Run a command at this node, with the node's own credential or one from a file; the answer.

        Raises `Refused` where it ends with status 1.
        """
        if show:
            prefix = f"ALLMENDE_TOKEN_FILE={token.name} " if token else ""
            self._screen.command(self.name, prefix + shlex.join(["allmende", *args]))
        own = args[0] in ("init", "help") or args[:2] in (("region", "init"), ("edge", "enrol"))
        node = [] if own else ["--node", str(self.directory)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _credential(token):
            status = run([*args, *node, "--json", "--lang", self._screen.lang])
        said = [json.loads(line) for line in out.getvalue().splitlines()]
        if status == 0 and said:
            return said[-1]
        if said and "error" in said[-1]:
            raise Refused(said[-1]["error"]["code"], said[-1]["error"]["sentence"])
        raise StageError(f"allmende {' '.join(args)}: {err.getvalue().strip()}")

    def make(self, region: str = "") -> None:
        """Make the node's directory, and the region that it keeps where it keeps one."""
        ports = ("--public-url", self.url, "--lab", "--management-port", str(free_port()))
        if region:
            made = self.types("region", "init", str(self.directory), "--name", region, *ports, show=False)
        else:
            made = self.types("init", str(self.directory), *ports, show=False)
        self.words = made["words"]

    def start(self) -> None:
        """Start the node's process; `ready` waits for it."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                leashed([PROGRAM, "serve", str(self.directory)]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "ALLMENDE_AUDIT__EXCHANGE_SECONDS": WITNESS_SECONDS},
            )

    def ready(self) -> None:
        """Wait until the node answers. Raises `StageError` with the end of its log where it does not."""
        url = f"{management_url(self.directory)}/ready"
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5):
                return
            time.sleep(0.03)
        tail = self._log.read_text(errors="replace").splitlines()[-5:]
        raise StageError(f"The node of {self.name} did not start:\n" + "\n".join(tail))

    def kill(self) -> None:
        """kill -9, and wait until the process is gone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The node answers nothing for a while, as if its line were down."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask the node to stop; kill it where it does not within five seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()


@contextlib.contextmanager
def _credential(token: Path | None) -> Iterator[None]:
    """The credential of this file, for the commands within."""
    if token is None:
        yield
        return
    os.environ["ALLMENDE_TOKEN_FILE"] = str(token)
    try:
        yield
    finally:
        del os.environ["ALLMENDE_TOKEN_FILE"]

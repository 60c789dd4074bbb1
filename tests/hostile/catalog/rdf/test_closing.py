"""A document that takes as long as it may holds up nobody who wants to close."""

from __future__ import annotations

import threading

import pytest

from catalog.rdf.worker import Worker, WorkerError


class Endless(Worker):
    """Says that it has a question, and never answers."""

    start = "import sys, time; print('{}', flush=True); sys.stdin.readline(); time.sleep(600)"


def test_closing_does_not_wait_for_an_answer() -> None:
    worker = Endless(seconds=300.0)
    codes: list[str] = []

    def ask() -> None:
        with pytest.raises(WorkerError) as caught:
            worker.graph(b"", "text/turtle")
        codes.append(caught.value.reason.code)

    asking = threading.Thread(target=ask)
    asking.start()
    while worker.pid is None:
        asking.join(0.01)
    closing = threading.Thread(target=worker.close)
    closing.start()
    closing.join(60)
    asking.join(60)
    assert not closing.is_alive()
    assert not asking.is_alive()
    assert codes and codes[0] in ("rdf.time", "rdf.worker")
    assert worker.pid is None

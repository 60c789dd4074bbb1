"""What a node tells its operator while it runs: logs, metrics, health.

What lives here: the shape of a log line, what may never stand in one, the counters, the list of health checks. What
does not: the audit log, which is evidence and lives in the store (`services.proof.audit`).

Logs are JSON, one object a line. Fields whose names speak of secrets or people are masked, and so is text that looks
like a credential; of an exception the type and the places in our own code are kept, never its text, which could hold
either. Operators' names and peers' addresses stand in the audit, not here. Metrics have a registry of their own; the
values of every label come from a fixed set.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Literal, TextIO, cast

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from policies.model import Reason

MASK = "***"
_NAMES = re.compile(
    r"authori[sz]ation|bearer|cookie|credential|jwt|password|passphrase|private|secret|signature|(^|_)(token|key|seed)s?$"
    r"|^(operator|remote|ip|email|person|user)$",
    re.IGNORECASE,
)
_LOOKS_SECRET = re.compile(
    r"(?i:bearer)\s+[\w.~+/=-]{8,}"  # Authorization header values
    r"|\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"  # JWTs
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*"  # PEM
    r"|(?<=://)[^/@\s]+@",  # user info in a URL
    re.DOTALL,
)
_LONGEST = 2000
_EVENT = MutableMapping[str, Any]


# --- Logs -------------------------------------------------------------------------------------------------------------


class Sink:
    """Where log lines go. One that cannot be written is lost: who reads the log went away, the node's work goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if somebody still reads."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flush, if somebody still reads."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def configure_logs(stream: TextIO, level: str = "info", form: Literal["json", "text"] = "json") -> None:
    """Send our own log and the libraries' to `stream`. To be called once, by a process's main."""
    sink = Sink(stream)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        shorten_exception,
        scrub,
    ]
    last: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    least = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, sink)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(cast(TextIO, sink))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared[:2], _keep_foreign_exception],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, shorten_exception, scrub, last],
        )
    )
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)


def scrub(_logger: Any, _method: str, event: _EVENT) -> _EVENT:
    """Mask what is secret or personal, at any depth; cut what is long."""
    return {name: _scrubbed(name, value) for name, value in event.items()}


def _scrubbed(name: str, value: Any) -> Any:
    if _NAMES.search(name):
        return MASK
    if isinstance(value, str):
        return _LOOKS_SECRET.sub(MASK, value)[:_LONGEST]
    if isinstance(value, Mapping):
        return {str(key): _scrubbed(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed("", inner) for inner in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return type(value).__name__


def shorten_exception(_logger: Any, _method: str, event: _EVENT) -> _EVENT:
    """Replace `exc_info` by the exception's type and the places that it went through."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event.update(error=type(error).__name__, places=places(error))
    return event


def _keep_foreign_exception(_logger: Any, _method: str, event: _EVENT) -> _EVENT:
    """A library's record carries its exception beside the event."""
    record = event.get("_record")
    if record is not None and record.exc_info:
        event["exc_info"] = record.exc_info
        record.exc_info, record.exc_text = None, None
    return event


def places(error: BaseException) -> list[str]:
    """`module:line` of the last frames of a traceback, outermost first; no file paths, no values."""
    frames = list(traceback.walk_tb(error.__traceback__))[-12:]
    return [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in frames]


# --- Metrics ----------------------------------------------------------------------------------------------------------


class _Shown(Collector):
    """Figures that were taken elsewhere, as gauges."""

    def __init__(self) -> None:
        self.figures: tuple[tuple[str, str, Mapping[str, str], float], ...] = ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """As the registry asks."""
        families: dict[str, GaugeMetricFamily] = {}
        for name, about, labels, value in self.figures:
            family = families.get(name)
            if family is None:
                family = families[name] = GaugeMetricFamily(f"allmende_{name}", about, labels=list(labels))
            family.add_metric(list(labels.values()), value)
        return families.values()


class Metrics:
    """Counters of one node, on a registry of their own, so that several nodes fit into one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "allmende_http_answers",
            "Answers written, by listener and status",
            ["listener", "status"],
            registry=self.registry,
        )
        self._refusals = Counter(
            "allmende_http_refusals",
            "Requests refused before a service was reached",
            ["listener", "code"],
            registry=self.registry,
        )
        self._accesses = Counter(
            "allmende_accesses", "Decisions on accesses to data, by outcome", ["outcome"], registry=self.registry
        )
        self._trust = Counter(
            "allmende_trust_verdicts",
            "Verdicts on those for whom a region may vouch, by outcome",
            ["outcome"],
            registry=self.registry,
        )
        # A counter of the registry takes a lock and checks itself: what is counted is added to it when it is asked for.
        self._answered: dict[tuple[str, int], int] = {}
        self._judged: dict[str, int] = {}
        self._shown = _Shown()
        self.registry.register(self._shown)

    def answered(self, listener: str, status: int) -> None:
        """One answer was written."""
        key = listener, status
        self._answered[key] = self._answered.get(key, 0) + 1

    def refused(self, listener: str, code: str) -> None:
        """One request got nowhere: unauthenticated, malformed, too large, too slow."""
        self._refusals.labels(listener, code).inc()

    def trust(self, outcome: str) -> None:
        """Somebody is `admitted` or `refused`, or nobody vouches any more (`lapsed`), or again (`back`)."""
        self._trust.labels(outcome).inc()

    def access(self, outcome: str) -> None:
        """One access to data was judged: `permitted`, `examined`, `unserved` or `refused`."""
        self._judged[outcome] = self._judged.get(outcome, 0) + 1

    def show(self, figures: Iterable[tuple[str, str, Mapping[str, str], float]]) -> None:
        """Figures for the next `text`, instead of those before: name, meaning, labels, value."""
        self._shown.figures = tuple(figures)

    def text(self) -> bytes:
        """Everything in the Prometheus text format."""
        for (listener, status), count in self._answered.items():
            self._answers.labels(listener, str(status)).inc(count)
        for outcome, count in self._judged.items():
            self._accesses.labels(outcome).inc(count)
        self._answered.clear()
        self._judged.clear()
        return generate_latest(self.registry)


# --- Health -----------------------------------------------------------------------------------------------------------


class Check(Struct, frozen=True):
    """One thing that is looked after; `wrong` says what is the matter, None where it is well."""

    name: str
    wrong: Callable[[], Reason | None]
    stops: bool = False
    """True where the node cannot do its work while this is wrong: it is not ready then."""


class Health:
    """The node's own judgement of itself. Checks are quick looks at memory: asking costs no I/O."""

    def __init__(self, checks: Iterable[Check] = ()) -> None:
        self._checks = list(checks)

    def report(self) -> list[tuple[str, Reason | None]]:
        """Every check and what is wrong with it."""
        return [(check.name, check.wrong()) for check in self._checks]

    def troubles(self) -> list[Reason]:
        """What is wrong now, in the order of the checks."""
        return [wrong for _, wrong in self.report() if wrong is not None]

    @property
    def ready(self) -> bool:
        """True where nothing is wrong that stops the node's work."""
        return not any(check.stops and check.wrong() for check in self._checks)

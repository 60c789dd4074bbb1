"""The program and its settings: Python, packages, what `allmende.toml` says.

What is wanted of Python and packages is read from this program's own metadata, so that it cannot differ from it.
"""

from __future__ import annotations

import errno
import re
import socket
import sys
from collections.abc import Iterator
from importlib import metadata

from connector.config import Config, is_loopback
from policies.model import Reason

OLDEST = (3, 11)
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\s*(?P<bounds>[<>=!~0-9.,\s]*)(?P<marker>;.*)?$")
_BOUND = re.compile(r"(>=|<=|==|<|>)\s*([0-9.]+)")


def python() -> Iterator[Reason]:
    """Is this Python new enough?"""
    version = sys.version_info[:3]
    if version < OLDEST:
        found = ".".join(str(part) for part in version)
        yield Reason("doctor.python", {"found": found, "wanted": ".".join(map(str, OLDEST))})


def packages() -> Iterator[Reason]:
    """Is every package that this program stands on there, in a version within its bounds?"""
    for line in metadata.requires("allmende") or ():
        wanted = _REQUIREMENT.match(line)
        if wanted is None or "extra" in (wanted["marker"] or ""):
            continue
        bounds = "".join(wanted["bounds"].split())
        try:
            version = metadata.version(wanted["name"])
        except metadata.PackageNotFoundError:
            if not wanted["marker"]:  # one for other systems may be away
                yield Reason("doctor.package", {"name": wanted["name"], "found": "-", "wanted": bounds})
            continue
        if not within(version, bounds):
            yield Reason("doctor.package", {"name": wanted["name"], "found": version, "wanted": bounds})


def within(version: str, bounds: str) -> bool:
    """Does a version lie within bounds such as `>=5.9,<6`? Only its numbers count."""
    have = _numbers(version)
    for sign, bound in _BOUND.findall(bounds):
        edge = _numbers(bound)
        holds = {">=": have >= edge, "<=": have <= edge, "<": have < edge, ">": have > edge, "==": have == edge}
        if not holds[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at the end: 6 and 6.0 are the same."""
    told = re.match(r"[0-9.]*", version)
    numbers = [int(part) for part in (told[0] if told else "").split(".") if part]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def listeners(config: Config) -> Iterator[Reason]:
    """Does the management API stay on this machine?"""
    if not is_loopback(config.management.host):
        yield Reason("doctor.management_open", {"host": config.management.host})


def taken(config: Config) -> Iterator[Reason]:
    """Does something else listen where a node that is stopped wants to?"""
    public, management = config.public, config.management
    wanted = [(management.host, management.port), *([] if public.socket else [(public.host, public.port)])]
    for host, port in wanted:
        if port and _is_taken(host, port):
            yield Reason("doctor.port_taken", {"host": host, "port": str(port)})


def _is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False

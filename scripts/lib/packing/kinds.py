"""The packages that there are: what is in each, what Debian is told of it, what an update has to know."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from edge_node.packages.installing import GROUPS

HERE = Path(__file__).parents[3]
PYTHON = "3.11"
"""The Python of Debian 12. Wheels are made for one minor version."""
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's name, and that of wheels."""


@dataclass(frozen=True)
class Kind:
    """One package. `needs` are direct dependencies of the project by name (None: all), `extras` its extras; `facts`
    go into `RELEASE` (`connector.releases.release`); `conffiles` are the administrator's files, path -> text."""

    name: str
    about: str
    module: str
    extras: tuple[str, ...]
    priority: int
    needs: frozenset[str] | None = None
    facts: dict[str, str] = field(default_factory=dict)
    conffiles: dict[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    """The user is in these too, where the system has them."""
    settings: str = ""
    """A conffile that the directory of state links to, under its own name."""
    updates: bool = False
    """It has units that install what was ordered."""


NODE = Kind(
    name="allmende",
    about="data-space node: usage contracts between neighbours, data from peer to peer",
    module="connector.node",
    extras=("postgres", "mariadb", "mqtt"),
    priority=50,
    facts={
        "State": "/var/lib/allmende/state.db",
        "Migrate": "connector.backup.bringing",
        "User": "allmende",
        "Settings": "/var/lib/allmende/allmende.toml",
    },
    conffiles={
        "/etc/default/allmende": "# Settings beside those in allmende.toml: ALLMENDE_SECTION__KEY=VALUE, a line each.\n"
    },
)
EDGE = Kind(
    name="allmende-edge",
    about="data-space device: takes readings in, keeps them, delivers them under contracts",
    module="edge_node.agent",
    extras=("edge",),
    priority=20,
    # The rest is the node's: pages, RDF, migrations, mail, its metrics.
    needs=frozenset(
        {"aiohttp", "uvloop", "cryptography", "msgspec", "click", "zstandard", "structlog", "rfc8785", "uuid-utils"}
        | {"tzdata", "cbor2", "pyjwt"}
    ),
    conffiles={
        "/etc/default/allmende-edge": "# The environment of the agent: NAME=VALUE, a line each.\n",
        "/etc/allmende-edge/edge.toml": (
            "# What this device measures and where from; see: allmende help edge\n"
            "#\n"
            "# [series.air.fields.temperature]\n"
            '# unit = "Cel"\n'
            "# min = -50\n"
            "# max = 60\n"
            "#\n"
            "# [sources.lora]\n"
            '# kind = "mqtt"\n'
            '# series = "air"\n'
            '# with = { url = "mqtt://127.0.0.1:1883" }\n'
        ),
    },
    groups=GROUPS,
    settings="/etc/allmende-edge/edge.toml",
    updates=True,
)
KINDS = {kind.name: kind for kind in (NODE, EDGE)}


def project() -> dict[str, object]:
    """The table `project` of pyproject.toml."""
    found = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(found, dict)
    return found


def requirements(kind: Kind) -> list[str]:
    """What a package needs of others, as pyproject.toml words it."""
    told = project()
    direct, extras = told["dependencies"], told["optional-dependencies"]
    assert isinstance(direct, list)
    assert isinstance(extras, dict)
    wanted = [line.partition(";")[0].strip() for line in direct]
    if kind.needs is not None:
        missing = kind.needs - {_name(line) for line in wanted}
        assert not missing, f"no dependencies of the project any more: {missing}"
        wanted = [line for line in wanted if _name(line) in kind.needs]
    return [*wanted, *(line for extra in kind.extras for line in extras[extra])]


def _name(requirement: str) -> str:
    return requirement.split("[")[0].split(">")[0].split("<")[0].split("=")[0].strip()

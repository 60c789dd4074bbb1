"""Configurations of what stands in front of a node, made from the node's own settings.

What lives here: filling the templates beside this file (`nginx.conf`, `Caddyfile`, the units `*.service`, `*.path`).
What does not: running a proxy, making certificates, making packages (`scripts/lib/packing`, which takes its units from
here). A proxy ends TLS and passes on what comes, unread and unchanged; the node makes its own addresses from
`public_url` and believes no header that a proxy could add.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from certs import keys
from connector.config import Config, is_loopback
from connector.errors import InputError

HERE = Path(__file__).parent
ISSUED = Path("/etc/letsencrypt/live")
"""Where certbot keeps what was issued; the default for a certificate of which nothing is said."""
UPDATE_UNITS = ("allmende-edge-update.path", "allmende-edge-update.service")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_PART = re.compile(r"^[ \t]*# <(\w+)>\n(.*?)^[ \t]*# </\1>\n", re.MULTILINE | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9._~+,=:@/\[\]-]*")
"""What means itself in all three languages; a path with anything else has to be written by hand."""
_LISTS = frozenset({"bind", "credentials", "releases"})


def nginx(config: Config, *, certificate: Path | None = None, key: Path | None = None) -> str:
    """A file for nginx's http context, with a server for this node. Raises `InputError` as `_values`."""
    host = urlsplit(config.public_url).hostname or ""
    values = _values(config, certificate or ISSUED / host / "fullchain.pem", key or ISSUED / host / "privkey.pem")
    if config.public.socket:
        values["upstream"] = f"unix:{config.public.socket}"
    return _filled("nginx.conf", values, "elsewhere" if values["prefix"] else "")


def caddy(config: Config, *, certificate: Path | None = None, key: Path | None = None) -> str:
    """A whole Caddyfile with a site for this node; without a certificate Caddy gets one by itself (ACME).

    Raises `InputError` as `_values`.
    """
    values = _values(config, certificate or Path("-"), key or Path("-"))
    if config.public.socket:
        values["upstream"] = f"unix/{config.public.socket}"
    tls = "certificate" if certificate else "acme"
    return _filled("Caddyfile", values, tls, "elsewhere" if values["prefix"] else "")


def service(config: Config, *, program: Path, user: str) -> str:
    """A systemd unit that serves this node with a program. Raises `InputError` where a path cannot be written down."""
    directory = config.directory.resolve()
    kept = directory / "keys"
    values = {
        "public_url": config.public_url,
        "program": str(program),
        "directory": str(directory),
        "user": user,
        "credentials": "\n".join(f"LoadCredential={name}:{kept / name}" for name in _key_files(kept)),
    }
    return _unit("allmende.service", values, "own")


def device_service(directory: Path, *, program: Path, user: str) -> str:
    """A systemd unit that runs the device in `directory`. Raises `InputError` where a path cannot be written down."""
    values = {"program": str(program), "directory": str(directory), "user": user}
    return _unit("allmende-edge.service", values, "own")


def packaged(package: str) -> str:
    """The unit in the package of this name, `allmende` or `allmende-edge`: releases lie beside each other there, and an
    update is settled before each start (`connector.releases`)."""
    values = {
        "program": f"/opt/{package}/current/bin/allmende",
        "directory": f"/var/lib/{package}",
        "user": package,
        "journal": f"/opt/{package}/update",
        "releases": f"/usr/bin/python3.11 -I /usr/lib/{package}/releases.pyz {package}",
    }
    return _unit(f"{package}.service", values, "packaged")


def packaged_update(package: str) -> dict[str, str]:
    """The units in the package of a device that install what was ordered and fetched, by their names."""
    values = {
        "program": f"/opt/{package}/current/bin/allmende",
        "directory": f"/var/lib/{package}",
        "user": package,
        "keys": f"/etc/{package}/update-keys",
    }
    return {name: _unit(name, values, "packaged") for name in UPDATE_UNITS}


def _unit(template: str, values: dict[str, str], part: str) -> str:
    """A unit, shut in as every one. Raises `InputError` as `_fit`."""
    _fit(values)
    return _filled(template, values | {"sandbox": (HERE / "sandbox.conf").read_text("utf-8")}, part)


def _key_files(folder: Path) -> list[str]:
    """The files of keys that are handed to the service; those of a region's authorities stay where they are."""
    try:
        return [name for name in keys.file_names(folder) if "/" not in name]
    except keys.KeyFileError as error:
        raise InputError(error.code, **error.params) from None


def _values(config: Config, certificate: Path, key: Path) -> dict[str, str]:
    """What both proxies need to know.

    Raises `InputError`: `proxy.own_tls` where the node ends TLS itself, `proxy.plain` where its address is not https,
    `proxy.value` where something cannot be written into a configuration as it is.
    """
    public, limits = config.public, config.limits
    url = urlsplit(config.public_url)
    if public.tls_certificate:
        raise InputError("proxy.own_tls")
    if url.scheme != "https":
        raise InputError("proxy.plain", url=config.public_url)
    host = url.hostname or ""
    named = f"[{host}]" if ":" in host else host
    port = url.port or 443
    lab = is_loopback(host)
    values = {
        "public_url": config.public_url,
        "site": f"{named}:{port}",
        "host": named,
        "listen": f"127.0.0.1:{port}" if lab else str(port),
        "listen6": f"[::1]:{port}" if lab else f"[::]:{port}",
        "bind": "127.0.0.1 [::1]" if lab else "0.0.0.0 [::]",
        "prefix": url.path.rstrip("/"),
        "port": str(public.port),
        "upstream": f"{public.host}:{public.port}",
        "socket": public.socket,
        "certificate": str(certificate),
        "key": str(key),
        "body_bytes": str(limits.body_bytes),
        "header_seconds": _seconds(limits.header_seconds),
        "idle_seconds": _seconds(limits.idle_seconds),
        # The node must never be the one that closes first: a request that crosses the closing would be lost.
        "upstream_idle_seconds": _seconds(limits.idle_seconds * 0.8),
    }
    _fit(values)
    return values


def _seconds(value: float) -> str:
    return str(max(1, round(value)))


def _fit(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        parts = value.split() if name in _LISTS else [value]
        if not all(_PLAIN.fullmatch(part) for part in parts):
            raise InputError("proxy.value", name=name, value=value)


def _filled(template: str, values: Mapping[str, str], *parts: str) -> str:
    """The template with its places filled. What stands between `# <part>` and `# </part>` stays for `parts` only."""
    text = (HERE / template).read_text("utf-8")
    chosen = _PART.sub(lambda found: found[2] if found[1] in parts else "", text)
    return _PLACE.sub(lambda found: values[found[1]], chosen)

"""Settings of a node: `DIR/allmende.toml`, then the environment, every mistake reported at once.

What lives here: names, types, limits and meaning of all settings. What does not: secrets (they are files in `DIR/keys`
or systemd credentials), what operators keep at run time (the store). An environment variable
`ALLMENDE_SECTION__KEY` overrides `key` in `[section]`; `ALLMENDE_PUBLIC_URL` the one top-level setting.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from connector import mistakes
from connector.errors import InputError

Port = Annotated[int, Meta(ge=0, le=65535, description="0 lets the system choose")]
_MAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+", re.ASCII)
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class Public(Struct, frozen=True, forbid_unknown_fields=True):
    """The listener that peers reach, directly or through a proxy."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="port to listen on")] = 8180
    socket: Annotated[
        str,
        Meta(
            description="Unix socket to listen on instead, for a web server on this machine; "
            "less of a stream that is cut lies in its buffers"
        ),
    ] = ""
    tls_certificate: Annotated[str, Meta(description="PEM file; without it plain http, on loopback only")] = ""
    tls_key: Annotated[str, Meta(description="PEM file with the certificate's key")] = ""


class Management(Struct, frozen=True, forbid_unknown_fields=True):
    """The listener for operators; loopback unless you know better."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="port to listen on")] = 8181


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """How this node reaches others."""

    extra_ca: Annotated[str, Meta(description="PEM file with further certificate authorities to trust")] = ""
    deadline: Annotated[Seconds, Meta(description="seconds for one message to a peer, in all")] = 20.0
    proxy: Annotated[
        str, Meta(description="HTTP proxy for everything that leaves, as http://proxy.example:3128; asked for tunnels")
    ] = ""
    proxy_credentials: Annotated[str, Meta(description="file with user:password for the proxy, in one line")] = ""
    proxy_resolves: Annotated[
        bool,
        Meta(
            description="let the proxy resolve names, where this machine cannot; "
            "keeping this node out of inner networks is its part then"
        ),
    ] = False
    no_proxy: Annotated[
        tuple[str, ...],
        Meta(description="reached without the proxy: hosts, domains (.example.org), networks (10.0.0.0/8)"),
    ] = ()


class OutboxSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How patiently messages are sent."""

    waiting: Annotated[Count, Meta(description="messages that may wait for one peer")] = 10_000
    in_flight: Annotated[Count, Meta(description="messages under way to one peer at a time")] = 32
    longest_wait: Annotated[Seconds, Meta(description="cap of the back-off, in seconds")] = 60.0
    give_up_days: Annotated[Seconds, Meta(description="days until an undeliverable message ends its process")] = 14.0


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one request may cost."""

    body_bytes: Annotated[Count, Meta(description="largest message that is read")] = 1_048_576
    header_seconds: Annotated[Seconds, Meta(description="time for the headers of a request")] = 10.0
    body_seconds: Annotated[Seconds, Meta(description="time for the body of a request")] = 30.0
    idle_seconds: Annotated[Seconds, Meta(description="time that an idle connection is kept")] = 75.0
    connections: Annotated[Count, Meta(description="connections per listener")] = 1024
    live_tokens: Annotated[Count, Meta(description="message tokens remembered until they end")] = 1_000_000
    peer_requests_per_second: Annotated[
        Seconds, Meta(description="calls of one peer on the long run; twice as many at once, then 429")
    ] = 1000.0


class SourceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where shared data may come from."""

    kinds: Annotated[
        tuple[str, ...], Meta(description="kinds that are switched on; further ones come from plug-ins")
    ] = (
        "file",
        "folder",
        "live",
        "dataplane",
        "edge",
        "proxy",
        "files",
        "postgres",
        "mariadb",
        "sqlite",
        "wfs",
        "features",
        "sensorthings",
        "mqtt",
        "http",
        "readings",
    )


class DataSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Data on their way to those who may have them, and what arrives here."""

    token_seconds: Annotated[
        Seconds, Meta(description="how long an access token lives where the consumer renews it")
    ] = 3600.0
    inbox_bytes: Annotated[
        Count, Meta(description="bytes that may lie in the inbox, where providers deliver; more is refused for now")
    ] = 10_737_418_240
    readings_bytes: Annotated[
        Count, Meta(description="bytes of readings of devices that are kept; more is refused for now, and devices wait")
    ] = 10_737_418_240
    readings_days: Annotated[
        int, Meta(ge=0, description="days after which readings of devices are deleted; 0: they are kept")
    ] = 0


class ApprovalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who has to agree before this node binds itself as a consumer."""

    requests: Annotated[
        int, Meta(ge=0, le=9, description="further people who approve a request of ours before it is sent")
    ] = 0
    accepting: Annotated[int, Meta(ge=1, le=9, description="people who accept a provider's offer")] = 1
    days: Annotated[Seconds, Meta(description="days that people have for it")] = 14.0


class AuditSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The audit log and its witnesses."""

    exchange_seconds: Annotated[Seconds, Meta(description="how often a changed tree head goes to the peers")] = 5.0


class PolicySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who has to agree to terms of use before they are offered."""

    approvals: Annotated[
        int,
        Meta(ge=0, le=9, description="people who approve a new version of a policy, none of whom has drafted it"),
    ] = 0


class ContractSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Contracts and their ends."""

    warn_days: Annotated[tuple[Count, ...], Meta(description="days before the end of a contract to warn at")] = (
        60,
        30,
        7,
        1,
    )


class TrustSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom this node believes without having compared keys: credentials, and how long what they say is taken as so."""

    recheck_seconds: Annotated[
        Seconds, Meta(description="how long a verdict is used; a revocation takes effect within it")
    ] = 300.0
    document_seconds: Annotated[
        Seconds, Meta(description="how long a peer's published keys are used before they are looked at again")
    ] = 300.0
    stale_seconds: Annotated[
        Seconds, Meta(description="how much longer they are used while the peer's document cannot be had")
    ] = 3600.0
    mutual_tls: Annotated[
        Literal["off", "wanted", "required"],
        Meta(description="whether peers show a certificate of their region; needs tls_certificate"),
    ] = "off"


class RegionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The region whose trust domain this node keeps; without a name it keeps none."""

    name: Annotated[str, Meta(description="what the region is called; empty: this node keeps no region")] = ""
    list_hours: Annotated[
        Seconds, Meta(description="how long a published list of revocations may be used while this node is away")
    ] = 24.0
    credential_days: Annotated[Seconds, Meta(description="how long a member's credential lasts")] = 90.0
    certificate_days: Annotated[Seconds, Meta(description="how long a node's certificate lasts")] = 90.0
    device_days: Annotated[Seconds, Meta(description="how long a device's certificate lasts")] = 30.0
    orders_days: Annotated[
        Seconds, Meta(description="how long a device that cannot reach this node goes on delivering by its last orders")
    ] = 7.0


class DescriptionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What this node publishes of itself, and whom it asks about the descriptions of others."""

    days: Annotated[Seconds, Meta(description="how long a description lasts; it is renewed after two thirds")] = 90.0
    registry: Annotated[
        str, Meta(description="registry of a Gaia-X clearing house, asked about trust anchors; empty: none")
    ] = ""
    notary: Annotated[
        str, Meta(description="notary of a clearing house, asked for our registration number; empty: none")
    ] = ""
    compliance: Annotated[
        str, Meta(description="compliance service of a clearing house, asked for a label; empty: none")
    ] = ""
    notaries: Annotated[
        tuple[str, ...], Meta(description="DIDs believed for registration numbers, beside this node's regions")
    ] = ()
    labellers: Annotated[tuple[str, ...], Meta(description="DIDs believed for labels of Gaia-X")] = ()
    older: Annotated[bool, Meta(description="read descriptions of the older generation (22.10) too")] = False


class CatalogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The catalogue that this node shows, and those that it reads."""

    public: Annotated[
        bool, Meta(description="show what is offered to everybody to portals and people without a login, below /dcat")
    ] = True
    contributor: Annotated[
        str, Meta(description="dcatde:contributorID of what this node shows: the IRI that its portal gave it")
    ] = ""
    publisher: Annotated[
        str, Meta(description="name of who publishes what this node shows; empty: that of the node")
    ] = ""
    municipality: Annotated[
        str,
        Meta(description="official key (AGS, 8 digits, or ARS, 12) of the place that datasets without one are about"),
    ] = ""
    crawl: Annotated[bool, Meta(description="read the catalogues of peers, so that they can be searched here")] = True
    poll_seconds: Annotated[Seconds, Meta(description="how often a peer's catalogue is asked for changes")] = 45.0
    stale_days: Annotated[
        Seconds, Meta(description="how long what was seen is shown without having been seen again")
    ] = 30.0
    probe: Annotated[bool, Meta(description="find out whether the addresses of distributions answer")] = False
    sparql: Annotated[bool, Meta(description="answer SPARQL queries about the public catalogue below /sparql")] = False


class NotifySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Telling people what has happened, by mail and webhook; passwords stand in files of their own."""

    mail_to: Annotated[tuple[str, ...], Meta(description="addresses that get mail; none switches mail off")] = ()
    mail_from: Annotated[str, Meta(description="sender of the mail")] = ""
    smtp_host: Annotated[str, Meta(description="mail server")] = ""
    smtp_port: Annotated[Port, Meta(description="its port: 587 for STARTTLS, 465 for TLS")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="how the connection is kept secret; none on loopback only")
    ] = "starttls"
    smtp_user: Annotated[str, Meta(description="account at the mail server; empty where it wants none")] = ""
    smtp_password_file: Annotated[str, Meta(description="file that holds the account's password")] = ""
    webhook_url: Annotated[str, Meta(description="address that gets events as JSON; empty switches it off")] = ""
    webhook_secret_file: Annotated[str, Meta(description="file with the secret that signs them, 16 characters up")] = ""
    webhook_private: Annotated[bool, Meta(description="the address may lie in a private network")] = False
    language: Annotated[Literal["de", "en"], Meta(description="language of the mail")] = "de"
    least: Annotated[
        Literal["note", "attention", "alarm"], Meta(description="least important events that are told")
    ] = "attention"
    gather_seconds: Annotated[Seconds, Meta(description="how long what is no alarm is gathered")] = 60.0


class SignalingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The listener for other planes (Data Plane Signaling): data planes of others, or control planes of others."""

    on: Annotated[bool, Meta(description="listen; `allmende dataplane serve` always does")] = False
    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="port to listen on")] = 8182
    tls_certificate: Annotated[str, Meta(description="PEM file; without it plain http, on loopback only")] = ""
    tls_key: Annotated[str, Meta(description="PEM file with the certificate's key")] = ""
    id: Annotated[str, Meta(description="by which id other planes know this one; empty: its DID")] = ""
    patience: Annotated[Seconds, Meta(description="seconds for a flow to get ready before the answer is: not yet")] = (
        3.0
    )


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The program's own log, on standard error."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="least severe entry")] = "info"
    form: Annotated[Literal["json", "text"], Meta(description="one JSON object a line, or text for people")] = "json"


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings. `directory` is where the node lives."""

    directory: Path
    public_url: Annotated[str, Meta(description="permanent address of this node; its identity is made from it")]
    public: Public = Public()
    management: Management = Management()
    network: Network = Network()
    outbox: OutboxSettings = OutboxSettings()
    limits: Limits = Limits()
    sources: SourceSettings = SourceSettings()
    data: DataSettings = DataSettings()
    approval: ApprovalSettings = ApprovalSettings()
    policies: PolicySettings = PolicySettings()
    audit: AuditSettings = AuditSettings()
    contracts: ContractSettings = ContractSettings()
    trust: TrustSettings = TrustSettings()
    region: RegionSettings = RegionSettings()
    description: DescriptionSettings = DescriptionSettings()
    catalog: CatalogSettings = CatalogSettings()
    notify: NotifySettings = NotifySettings()
    signaling: SignalingSettings = SignalingSettings()
    log: LogSettings = LogSettings()

    @property
    def lab(self) -> bool:
        """True where the public URL is a loopback one: a laboratory node."""
        return is_loopback(urlsplit(self.public_url).hostname or "")


SECTIONS: Mapping[str, type[Struct]] = {
    "public": Public,
    "management": Management,
    "network": Network,
    "outbox": OutboxSettings,
    "limits": Limits,
    "sources": SourceSettings,
    "data": DataSettings,
    "approval": ApprovalSettings,
    "policies": PolicySettings,
    "audit": AuditSettings,
    "contracts": ContractSettings,
    "trust": TrustSettings,
    "region": RegionSettings,
    "description": DescriptionSettings,
    "catalog": CatalogSettings,
    "notify": NotifySettings,
    "signaling": SignalingSettings,
    "log": LogSettings,
}


def is_loopback(host: str) -> bool:
    """True for an address or name that does not leave the machine (RFC 6761, 6.3 for the names)."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def load(directory: Path, environment: Mapping[str, str]) -> Config:
    """Read `DIR/allmende.toml` and the environment.

    Raises `InputError("config.wrong")` whose `problems` names every wrong setting, one a line.
    """
    path = directory / "allmende.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise InputError("config.missing", path=str(path)) from None
    except UnicodeDecodeError as error:
        raise InputError("config.unreadable", path=str(path), problem=str(error)) from None
    return read(directory, text, environment)


def read(directory: Path, text: str, environment: Mapping[str, str]) -> Config:
    """Settings from the text of a settings file; raises as `load`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        path = directory / "allmende.toml"
        raise InputError("config.unreadable", path=str(path), problem=str(error)) from None
    try:
        return build(directory, overlaid(given, environment))
    except InputError as error:
        problems = error.reason.params["problems"].split("\n")
        told = "\n".join(mistakes.located(problem, text, environment) for problem in problems)
        raise InputError(error.reason.code, **{**error.reason.params, "problems": told}) from None


def overlaid(given: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings with what the environment says instead."""
    result = {key: dict(value) if isinstance(value, dict) else value for key, value in given.items()}
    if "ALLMENDE_PUBLIC_URL" in environment:
        result["public_url"] = environment["ALLMENDE_PUBLIC_URL"]
    for name, value in environment.items():
        section, separator, key = name.removeprefix("ALLMENDE_").lower().partition("__")
        if name.startswith("ALLMENDE_") and separator:
            result.setdefault(section, {})[key] = value
    return result


def build(directory: Path, given: Mapping[str, Any]) -> Config:
    """Settings from plain values; raises as `load`."""
    problems: list[str] = []
    sections: dict[str, Any] = {}
    for name, value in given.items():
        if name in SECTIONS and isinstance(value, dict):
            sections[name] = _section(name, SECTIONS[name], value, problems)
        elif name != "public_url":
            wrong = f"[{name}]" if isinstance(value, dict) else name
            there = f"there are public_url and {', '.join(SECTIONS)}"
            problems.append(f"{wrong}: no such section or setting; {there}{mistakes.meant(name, SECTIONS)}")
    url = given.get("public_url")
    problems.extend(_url_problems(url))
    config = Config(directory=directory, public_url=str(url).rstrip("/"), **sections) if not problems else None
    problems.extend(_joint_problems(config) if config else ())
    if problems or config is None:
        raise InputError("config.wrong", path=str(directory / "allmende.toml"), problems="\n".join(problems))
    return config


def _section(name: str, kind: type[Struct], given: Mapping[str, Any], problems: list[str]) -> Any:
    """Each value is read by itself, so that one mistake does not hide the next."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in fields:
            there = f"there are {', '.join(fields)}"
            problems.append(f"[{name}] {key}: no such setting; {there}{mistakes.meant(key, fields)}")
            continue
        try:
            values[key] = msgspec.convert(value, fields[key].type, strict=not isinstance(value, str))
        except msgspec.ValidationError as error:
            problems.append(f"[{name}] {key}: {error}{mistakes.choices(fields[key].type)}")
    return kind(**values)


def _url_problems(url: object) -> list[str]:
    if not isinstance(url, str) or not url:
        return ["public_url: missing; it is the permanent address of this node, for example https://data.example.org"]
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        return [f"public_url: {url!r} is not an http(s) address without user, query and fragment"]
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return [f"public_url: {url!r} must be https; plain http is for loopback only"]
    return []


def _joint_problems(config: Config) -> list[str]:
    problems = []
    public = config.public
    if bool(public.tls_certificate) != bool(public.tls_key):
        problems.append("[public] tls_certificate and tls_key belong together")
    if public.socket and public.tls_certificate:
        problems.append(
            "[public] socket: TLS is ended by the web server in front; take tls_certificate and tls_key out"
        )
    if config.trust.mutual_tls != "off" and not public.tls_certificate:
        problems.append("[trust] mutual_tls: needs tls_certificate; a web server in front would end the connections")
    if public.socket and not Path(public.socket).is_absolute():
        problems.append(f"[public] socket: {public.socket!r} is no absolute path")
    if not public.tls_certificate and not is_loopback(public.host):
        problems.append(f"[public] host: {public.host!r} without TLS; plain http listens on loopback only")
    if (public.host, public.port) == (config.management.host, config.management.port) and public.port:
        problems.append("[management] port: the same as [public] port")
    problems += _signaling_problems(config.signaling)
    problems += _proxy_problems(config.network)
    problems += _notify_problems(config.notify)
    return problems


def _signaling_problems(own: SignalingSettings) -> list[str]:
    problems = []
    if bool(own.tls_certificate) != bool(own.tls_key):
        problems.append("[signaling] tls_certificate and tls_key belong together")
    if not own.tls_certificate and not is_loopback(own.host):
        problems.append(f"[signaling] host: {own.host!r} without TLS; plain http listens on loopback only")
    return problems


def _proxy_problems(network: Network) -> list[str]:
    problems = []
    if network.proxy:
        try:
            at = urlsplit(network.proxy)
            well = at.scheme == "http" and at.hostname and at.port != 0 and at.username is None
            well = well and not at.path.strip("/") and not at.query and not at.fragment
        except ValueError:
            well = False
        if not well:
            problems.append("[network] proxy: not of the form http://host:port (credentials go into a file)")
    elif network.proxy_credentials or network.proxy_resolves or network.no_proxy:
        problems.append("[network] proxy: missing, but there are settings for one")
    for one in network.no_proxy:
        if not one or "*" in one or " " in one or ("/" in one and not _is_network(one)):
            problems.append(
                f"[network] no_proxy: {one!r} is no host, no domain (.example.org), no network (10.0.0.0/8)"
            )
    return problems


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _notify_problems(notify: NotifySettings) -> list[str]:
    problems = []
    if notify.mail_to and not (notify.mail_from and notify.smtp_host):
        problems.append("[notify] mail_to: needs mail_from and smtp_host")
    for address in (*notify.mail_to, *((notify.mail_from,) if notify.mail_from else ())):
        if not _MAIL.fullmatch(address):
            problems.append(f"[notify] mail_to, mail_from: {address!r} is not a mail address")
    if notify.mail_to and notify.smtp_security == "none" and not is_loopback(notify.smtp_host):
        problems.append("[notify] smtp_security: none is for a mail server on this machine only")
    if bool(notify.smtp_user) != bool(notify.smtp_password_file):
        problems.append("[notify] smtp_user and smtp_password_file belong together")
    if bool(notify.webhook_url) != bool(notify.webhook_secret_file):
        problems.append("[notify] webhook_url and webhook_secret_file belong together")
    if notify.webhook_url and urlsplit(notify.webhook_url).scheme not in ("http", "https"):
        problems.append("[notify] webhook_url: not an http(s) address")
    return problems


def template(public_url: str, *, public_port: int, management_port: int) -> str:
    """The text of a new `allmende.toml`: what is set, and every other setting as a comment with its meaning."""
    set_here: dict[tuple[str, str], object] = {
        ("public", "port"): public_port,
        ("management", "port"): management_port,
    }
    lines = [
        "# Settings of this Allmende node. What is commented out shows the default.",
        "",
        "# Permanent address of this node; its identity is made from it. Never change it.",
        f'public_url = "{public_url}"',
    ]
    for name, kind in SECTIONS.items():
        lines += ["", f"# {(kind.__doc__ or '').splitlines()[0]}", f"[{name}]"]
        for field in msgspec.structs.fields(kind):
            lines.append(f"# {description(field)}")
            if (name, field.name) in set_here:
                lines.append(f"{field.name} = {set_here[name, field.name]}")
            else:
                lines.append(f"# {field.name} = {_toml(field.default)}")
    return "\n".join(lines) + "\n"


def with_setting(text: str, section: str, name: str, value: str) -> str:
    """The text of an `allmende.toml` with one setting put in, where its comment or its old value stands."""
    line = f"{name} = {msgspec.json.encode(value).decode()}"
    start = re.search(rf"(?m)^\[{section}\][^\n]*\n", text)
    if start is None:
        return f"{text.rstrip()}\n\n[{section}]\n{line}\n"
    following = re.compile(r"(?m)^\[").search(text, start.end())
    body = text[start.end() : following.start() if following else len(text)]
    found = re.search(rf"(?m)^(?:# )?{name} = [^\n]*$", body)
    changed = f"{line}\n{body}" if found is None else body[: found.start()] + line + body[found.end() :]
    return text[: start.end()] + changed + text[start.end() + len(body) :]


def description(field: msgspec.structs.FieldInfo) -> str:
    """What a setting means, from its annotation."""
    texts = []
    kind = msgspec.inspect.type_info(field.type)
    schema = getattr(kind, "extra_json_schema", None) or {}
    texts.append(schema.get("description", ""))
    return texts[0] or field.name


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)

"""What the settings say, in the words of the parts that follow it.

What lives here: settings as limits, rules, a certificate, the ways to people that they name, the addresses listened on.
What does not: the settings and their mistakes (`config`), which part needs which other (`node`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import structs

from certs import keys, pairs
from connector import hosting
from connector.config import Config
from connector.data.ports import Around
from connector.data.readings.shelf import Shelf
from connector.data.silos import secrets
from connector.data.silos.registry import Find, Silos
from connector.data.sinks import Sinks
from connector.errors import InputError, OurError
from connector.http import connection
from connector.http.client import HttpPeer
from connector.http.data import DataPlane
from connector.http.dsp import Dsp
from connector.http.inbox import Inbox
from connector.http.management import Management
from connector.http.reflection import Reflection
from connector.http.server import Listener, Streams, names_of
from connector.http.signaling import Signaling
from connector.http.throttle import Throttle
from connector.http.tls import Certificate
from connector.notify.mail import Mail, MailSettings
from connector.notify.webhook import Webhook
from connector.ports import Clock, Peer, Store
from connector.services import outbox
from connector.services.approval.questions import Rules
from connector.services.watch.events import Importance
from connector.services.watch.happenings import Happenings
from connector.services.watch.messenger import Channel, Messenger
from connector.telemetry import Metrics

PSEUDONYMS = "pseudonyms.key"
"""The file of the secret that pseudonyms are made with, beside the node's keys."""


def pseudonyms(config: Config) -> Callable[[], bytes]:
    """Reads the node's secret for pseudonyms, made when it is read first. It raises `OurError`."""

    def secret() -> bytes:
        try:
            return keys.held(config.directory / "keys", PSEUDONYMS)
        except keys.KeyFileError as error:
            raise OurError(error.code, **error.params) from None

    return secret


def approval_rules(config: Config) -> Rules:
    """Who has to be asked before something binds the node."""
    own = config.approval
    return Rules(requests=own.requests, accepting=own.accepting, days=own.days)


def outbox_limits(config: Config) -> outbox.Limits:
    """How long and how much may wait for a peer."""
    own = config.outbox
    return outbox.Limits(
        waiting=own.waiting,
        in_flight=own.in_flight,
        longest_wait=own.longest_wait,
        give_up=own.give_up_days * 86_400,
        deadline=config.network.deadline,
    )


def http_limits(config: Config) -> connection.Limits:
    """What one connection may take up, and how many there may be."""
    own = config.limits
    return connection.Limits(
        body_bytes=own.body_bytes,
        head_seconds=own.header_seconds,
        body_seconds=own.body_seconds,
        idle_seconds=own.idle_seconds,
        connections=own.connections,
    )


def throttle(config: Config, clock: Clock) -> Throttle:
    """How often one peer may ask; for a moment twice as often."""
    rate = config.limits.peer_requests_per_second
    return Throttle(rate, 2 * rate, clock.monotonic)


def certificate(config: Config) -> Certificate | None:
    """The node's own certificate, None where a proxy in front of it has one. Raises `KeyFileError`, `InputError`.

    An exchange of files that was broken off is finished first: half of a pair serves nobody.
    """
    public = config.public
    pairs.settle(config.directory / "keys", "tls")
    if not public.tls_certificate:
        return None
    modern = config.trust.mutual_tls != "off"
    return Certificate(Path(public.tls_certificate), Path(public.tls_key), modern=modern)


def secrets_of_planes() -> secrets.Secret:
    """Reads the secrets that other planes and we prove ourselves with."""
    return secrets.reading(hosting.credentials())


def silos(config: Config, *, peer: Peer, clock: Clock, find: Find, readings: Shelf | None = None) -> Silos:
    """The silos of this node, which `peer` reaches; secrets are read from files and systemd's credentials."""
    around = structs.replace(_around(config, peer, clock), readings=readings)
    return Silos(config.sources.kinds, around=around, find=find)


def sinks(config: Config, *, peer: Peer, clock: Clock) -> Sinks:
    """Where rows are put that were fetched."""
    return Sinks(_around(config, peer, clock))


def _around(config: Config, peer: Peer, clock: Clock) -> Around:
    return Around(
        clock=clock,
        peer=peer,
        secret=secrets.reading(hosting.credentials(), (config.directory,)),
        closed=(config.directory,),
        kept=config.directory / "silos",
    )


# --- people -----------------------------------------------------------------------------------------------------------


def messengers(
    config: Config, *, node: str, client: HttpPeer, store: Store, clock: Clock, happenings: Happenings
) -> list[Messenger]:
    """One for each way to people that the settings name."""
    own = config.notify
    return [
        Messenger(
            channel,
            node=node,
            happenings=happenings,
            store=store,
            clock=clock,
            least=Importance(own.least),
            gather=own.gather_seconds,
        )
        for channel in _channels(config, client, clock)
    ]


def _channels(config: Config, client: HttpPeer, clock: Clock) -> Iterator[Channel]:
    own = config.notify
    if own.mail_to:
        yield Mail(_mail(config), public_url=config.public_url, language=own.language, context=client.context)
    if own.webhook_url:
        secret = Path(own.webhook_secret_file)
        yield Webhook(own.webhook_url, secret, private=own.webhook_private, client=client, clock=clock)


def _mail(config: Config) -> MailSettings:
    own = config.notify
    return MailSettings(
        host=own.smtp_host,
        port=own.smtp_port,
        security=own.smtp_security,
        sender=own.mail_from,
        recipients=own.mail_to,
        user=own.smtp_user,
        password=Path(own.smtp_password_file) if own.smtp_password_file else None,
    )


# --- listeners --------------------------------------------------------------------------------------------------------


def check_workers(config: Config, workers: int) -> None:
    """Raises `InputError` where the public port cannot be shared by data processes."""
    if workers and config.public.socket:
        raise InputError("workers.socket", socket=config.public.socket)
    if workers and config.trust.mutual_tls != "off":
        raise InputError("workers.mutual_tls")


def data_path(config: Config) -> str:
    """Under which path of the public address data is served."""
    return f"{urlsplit(config.public_url).path.rstrip('/')}/data/"


def inbox_path(config: Config) -> str:
    """Under which path of the public address providers deliver."""
    return f"{urlsplit(config.public_url).path.rstrip('/')}/inbox/"


def public_listener(
    config: Config,
    protocol: Dsp,
    data_plane: DataPlane,
    inbox: Inbox,
    reflection: Reflection,
    *,
    certificate: Certificate | None,
    metrics: Metrics,
    readings: Streams | None = None,
) -> Listener:
    """What peers and devices speak to; `readings` are handlers of what devices bring, by path."""
    return Listener(
        "public",
        serve=protocol.handle,
        refuse=protocol.refuse,
        hosts=names_of(urlsplit(config.public_url).hostname or ""),
        metrics=metrics,
        limits=http_limits(config),
        streams={
            f"{data_plane.base}probe": reflection.handler,
            data_plane.base: data_plane.handler,
            inbox.base: inbox.handler,
            **(readings or {}),
        },
        upgrades=data_plane.base,
        certificate=certificate,
    )


def signaling_listener(config: Config, own: Signaling, *, metrics: Metrics) -> Listener:
    """What other planes speak to; with the public listener's certificate where it has none of its own."""
    said, certificate = config.signaling, None
    if said.tls_certificate:
        certificate = Certificate(Path(said.tls_certificate), Path(said.tls_key))
    return Listener(
        "signaling",
        serve=own.handle,
        refuse=own.refuse,
        hosts=names_of(said.host, urlsplit(config.public_url).hostname or ""),
        metrics=metrics,
        limits=http_limits(config),
        certificate=certificate,
    )


def operators_hosts(config: Config) -> frozenset[str]:
    """The names by which operators may address the management API."""
    return names_of(config.management.host)


def management_listener(config: Config, management: Management, *, metrics: Metrics) -> Listener:
    """What operators speak to."""
    return Listener(
        "management",
        serve=management.handle,
        refuse=management.refuse,
        hosts=operators_hosts(config),
        metrics=metrics,
        limits=http_limits(config),
    )

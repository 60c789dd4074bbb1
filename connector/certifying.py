"""What a node is made of as far as certificates go: its own, those that others show, those that its region issues.

What lives here: which of these parts needs which other, and when each is looked at. What does not: anything that
decides. It is made by `trusting`, which tells it what is there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from msgspec import Struct

from certs.did import Fetch
from certs.enrol import PrivateKey
from certs.region import RegionKeys
from connector.chores import Work
from connector.config import Config
from connector.http import lists as published
from connector.http.est import Est
from connector.http.publications import Publications
from connector.identity.mutual_tls import MutualTls
from connector.pages import every
from connector.ports import Caller, Clock, Documents, Proofs, Reading, Sends, Store
from connector.records import Participant, Region
from connector.services.edge.door import Door
from connector.services.intake import Intake
from connector.services.region.certificates import Certificates, Lives, Told
from connector.services.region.domain import Domain
from connector.services.region.members import Members
from connector.services.trust.certificates import OwnCertificates
from connector.services.trust.chains import Chains
from connector.services.trust.own_document import OwnDocument
from policies.model import Reason

log = structlog.get_logger()
LOOK_SECONDS = 60.0

Ask = Callable[[Sequence[str]], None]
"""From now on, clients of the listener are asked for a certificate that leads to one of these roots (PEM)."""
Show = Callable[[tuple[Path, Path] | None, Sequence[str], Collection[str]], None]
"""From now on, this certificate is shown to those at these origins, and theirs taken if it leads to one of the
roots."""


class Base(Struct, frozen=True, kw_only=True):
    """What certificates stand on."""

    config: Config
    did: str
    token: Callable[[], PrivateKey]
    store: Store
    clock: Clock
    peer: Sends
    fetch: Fetch
    proofs: Proofs
    publications: Publications
    document: OwnDocument
    ask: Ask
    show: Show


class Certifying:
    """The parts of one node that have to do with certificates; each is an attribute. Raises `KeyFileError`."""

    def __init__(self, base: Base) -> None:
        self._base, config = base, base.config
        keys = config.directory / "keys"
        self._mode = config.trust.mutual_tls
        self.domain: Domain | None = None
        """The keys of the region that this node keeps; None where it keeps none."""
        self.issued: Certificates | None = None
        """The certificates of its members."""
        if config.region.name:
            self.domain = Domain(
                folder=keys / "region", public_url=config.public_url, store=base.store, clock=base.clock
            )
        self.chains = Chains(
            store=base.store, clock=base.clock, fetch=base.fetch, own=self._region_keys, changed=self._believe
        )
        self.own = OwnCertificates(
            folder=keys,
            did=base.did,
            public_url=config.public_url,
            token=base.token,
            store=base.store,
            clock=base.clock,
            peer=base.peer,
            proofs=base.proofs,
            chains=self.chains,
            jitter=random.random,
            document=base.document.body,
            changed=self._use,
        )
        base.document.certify(self.own.published)
        self.mutual = MutualTls(self._mode, self.chains.verify)
        self._origins: frozenset[str] = frozenset()
        published.publish_chain(base.publications, self.own.chain)

    def keep_region(self, members: Members, intake: Intake, documents: Documents) -> Certificates:
        """Certificates for the members of this node's region, and the paths where they are had."""
        base, domain = self._base, self.domain
        assert domain is not None
        own = base.config.region
        self.issued = Certificates(
            store=base.store,
            clock=base.clock,
            keys=domain.keys,
            members=members,
            documents=documents,
            public_url=base.config.public_url,
            draw=x509.random_serial_number,
            lives=Lives(node=own.certificate_days, device=own.device_days),
        )
        self._est = est = Est(
            certificates=self.issued,
            keys=domain.keys,
            verify=lambda shown, purpose, roots: self.chains.verify(shown, purpose, roots=roots),
            proofs=base.proofs,
            intake=intake,
        )
        est.publish(base.publications)
        published.publish_lists(base.publications, self.issued.lists)
        return self.issued

    def keep_devices(self, door: Door, certified: Told) -> None:
        """This node has devices: they renew by tokens of their own, and `certified` is told of their keys."""
        assert self.issued is not None
        self.issued.told.append(certified)

        async def prove(authorization: str) -> Caller:
            return (await door.prove(authorization)).caller

        self._est.devices = prove

    def trouble(self) -> Reason | None:
        """What people should know of certificates that end."""
        return self.own.trouble() or (self.domain.trouble() if self.domain else None)

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return [(self.look, LOOK_SECONDS), (self.chains.refresh, self._base.config.trust.recheck_seconds)]

    async def start(self) -> None:
        """Before anybody is answered: lists that are due, what is believed, what is shown."""
        await self._sign_lists()
        await self.reload()

    async def look(self) -> None:
        """Sign, renew and take into use what is due."""
        await self._sign_lists()
        await self.reload()
        await self.chains.catch_up()
        await self.own.look()

    async def reload(self) -> None:
        """Regions or participants have changed: judge by what the store holds now."""
        origins = await self._base.store.read(_origins)
        if origins != self._origins:
            self._origins = origins
            self._believe()
        await self.chains.load()

    async def _sign_lists(self) -> None:
        if self.domain is not None and self.issued is not None:
            await self.domain.look()
            await self.issued.lists.look()

    def _region_keys(self) -> RegionKeys | None:
        return self.domain.keys() if self.domain else None

    def _use(self) -> None:
        """Other certificates of our own are in use."""
        self._base.document.forget()
        self._believe()

    def _believe(self) -> None:
        """Tell the listener whom to ask, and the client whom to show what.

        A region asks its members also where the settings want no certificates: they renew by those that they have.
        """
        roots = self.chains.roots
        self._base.ask(roots if self._mode != "off" or self.domain is not None else ())
        if self._mode == "off":
            return
        try:
            self._base.show(self.own.shown(), roots, self._origins)
        except OSError:
            log.warning("certificates.not_shown")


def _origins(view: Reading) -> frozenset[str]:
    """Host and port of everybody we deal with."""
    urls = [*(one.url for one in every(view, Participant)), *(one.url for one in every(view, Region))]
    return frozenset(urlsplit(url).netloc for url in urls)

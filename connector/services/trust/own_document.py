"""This node's own DID document: made of the keys that are published and the endpoints that there are, whenever asked.

What lives here: putting it together, and what others know it by. What does not: its form (`certs.did`), the life of the
keys in it (`certs.ring`), keeping every version of it (`connector.services.proof.keyring`).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec

from certs import did
from certs.did import Service
from certs.jwk import Jwk
from certs.keys import NodeKeys
from certs.ring import Ring
from certs.words import fingerprint


class OwnDocument:
    """The document of the node at root `url` with its DSP endpoints below `base`."""

    def __init__(self, url: str, base: str, own: NodeKeys) -> None:
        self._url, self._base, self._own = url, base, own
        self._services: dict[str, Service] = {}
        self._made: tuple[Ring, bytes] | None = None
        self._dressed: Callable[[Jwk], Jwk] = lambda key: key

    def certify(self, dressed: Callable[[Jwk], Jwk]) -> None:
        """Write each key as `dressed` has it: with its certificate, where there is one."""
        self._dressed, self._made = dressed, None

    def forget(self) -> None:
        """Keys have other certificates: the document is made anew when it is asked for."""
        self._made = None

    def offer(self, fragment: str, type: str, endpoint: str) -> None:
        """Name another endpoint in the document, under this fragment; before the node answers anybody."""
        self._services[fragment] = Service(fragment, type, endpoint)
        self._made = None

    def body(self) -> bytes:
        """The document as it is served now."""
        if self._made is None or self._made[0] is not self._own.ring:
            services = [self._services[name] for name in sorted(self._services)]
            keys = {name: self._dressed(key) for name, key in self._own.published().items()}
            made = did.document(self._url, self._base, keys, services)
            self._made = self._own.ring, msgspec.json.encode(made)
        return self._made[1]

    def digest(self) -> str:
        """SHA-256 of the document, in hex: under this it is kept by whoever sees it."""
        return sha256(self.body()).hexdigest()

    def words(self) -> str:
        """The fingerprint of its keys in words."""
        return fingerprint(self._own.thumbprints)

"""What issuers deliver: is all of it what was asked for, and proved?

What lives here: judging a delivery against the request that it answers. What does not: who may deliver and what is kept
(`wallet`), the form of credentials (`certs.credentials`). Source: DCP 1.0.1, Credential Issuance Protocol, Storage API;
Verifiable Presentation Protocol, Presentation Validation, for what is right about a credential.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from certs import credentials, jwk
from certs.did import DidError, Document
from certs.jwk import PublicKey
from certs.vcdm import CredentialError
from connector.errors import DeliveryError, MessageError
from connector.ports import Clock, Documents
from connector.protocol import dcp
from connector.protocol.dcp import CredentialContainer, CredentialMessage
from connector.records import HeldCredential, Wish


class Deliveries:
    """Judges what is delivered to `did`."""

    def __init__(self, *, documents: Documents, clock: Clock, did: str) -> None:
        self._documents, self._clock, self._did = documents, clock, did

    async def verified(self, wish: Wish, message: CredentialMessage) -> list[HeldCredential]:
        """What is delivered, each credential proved. Raises `MessageError` where one of them is not right."""
        containers = () if message.credentials is UNSET else message.credentials
        if {one.credentialType for one in containers} != set(wish.kinds):
            raise MessageError("delivery.kinds")
        keys: Mapping[str, PublicKey] = {}
        held = []
        for container in containers:
            lacking = _read(container.payload).kid
            if lacking not in keys:
                keys = await self._keys(wish, lacking)
            held.append(self._judged(wish, container, keys))
        if len({one.id for one in held}) != len(held):
            raise MessageError("delivery.id")
        return held

    async def _keys(self, wish: Wish, lacking: str) -> dict[str, PublicKey]:
        try:
            return asserting(await self._documents.document(wish.issuer, private=wish.private, lacking=lacking))
        except DidError as error:
            raise DeliveryError("peer.document", url=wish.issuer[:256], why=error.code) from error

    def _judged(self, wish: Wish, container: CredentialContainer, keys: Mapping[str, PublicKey]) -> HeldCredential:
        now = self._clock.now()
        try:
            found = credentials.verify(container.payload, keys, now)
        except CredentialError as error:
            raise MessageError("delivery.credential", why=error.code) from error
        named = dcp.FORMATS.get(container.format)
        if named is None or named not in ("", found.profile):
            raise MessageError("delivery.format")
        if found.issuer != wish.issuer or found.subject != self._did or container.credentialType not in found.types:
            raise MessageError("delivery.other")
        return HeldCredential(
            id=found.id,
            kind=container.credentialType,
            issuer=found.issuer,
            profile=found.profile,
            token=container.payload,
            received=now,
            begins=found.begins,
            ends=found.ends,
            request=wish.id,
        )


def asserting(document: Document) -> dict[str, PublicKey]:
    """The keys by which a party signs what it says, by key id (`assertionMethod`)."""
    return {id: jwk.read(document.keys[id]) for id in document.assertions}


def _read(payload: str) -> credentials.Credential:
    try:
        return credentials.read(payload)
    except CredentialError as error:
        raise MessageError("delivery.credential", why=error.code) from error

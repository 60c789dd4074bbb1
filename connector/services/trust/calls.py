"""Calling others in the Decentralized Claims Protocol: where their service is, who we are, what they answer.

What lives here: one call. What does not: what is said (`wallet`, `connector.services.region.issuing`), trying again
(`errands`), who may be called: whoever we have asked, or who has asked us.
Source: DCP 1.0.1, discovery of the Credential Service and of the Issuer Service in the DID document.
"""

from __future__ import annotations

from typing import Literal

from certs.did import DidError
from connector.errors import DeliveryError
from connector.ports import Documents, Proofs, Reply, Sends
from connector.protocol import dcp
from connector.protocol.dcp import DcpMessage
from connector.services.trust.places import allowed_inside

Service = Literal["CredentialService", "IssuerService"]
DEADLINE = 20.0
"""Seconds for one call."""


class Calls:
    """Speaks to the services of other DIDs. In a laboratory (`lab`) they may be on loopback."""

    def __init__(self, *, peer: Sends, proofs: Proofs, documents: Documents, lab: bool = False) -> None:
        self._peer, self._proofs, self._documents, self._lab = peer, proofs, documents, lab

    async def call(
        self,
        did: str,
        service: Service,
        path: str,
        message: DcpMessage | None = None,
        *,
        private: bool = False,
        grant: str = "",
        code: str = "",
    ) -> Reply:
        """As `exchange`; raises `DeliveryError` `peer.status` for another status than 2xx, `status` says which."""
        reply = await self.exchange(did, service, path, message, private=private, grant=grant, code=code)
        if not 200 <= reply.status < 300:
            raise DeliveryError("peer.status", status=str(reply.status))
        return reply

    async def exchange(
        self,
        did: str,
        service: Service,
        path: str,
        message: DcpMessage | None = None,
        *,
        private: bool = False,
        grant: str = "",
        code: str = "",
    ) -> Reply:
        """POST a message to a service of `did`, or GET without one; any answer at all.

        `grant` and `code` go into our message token. Raises `DeliveryError`: no document, `peer.no_service` (it has
        none such), no answer.
        """
        base = await self._base(did, service, private)
        authorization = await self._proofs.introduce(did, grant=grant, code=code)
        return await self._peer.send(
            "GET" if message is None else "POST",
            base.rstrip("/") + path,
            authorization=authorization,
            body=None if message is None else dcp.encode(message),
            private=allowed_inside(base, private, self._lab),
            deadline=DEADLINE,
        )

    async def _base(self, did: str, service: Service, private: bool) -> str:
        try:
            document = await self._documents.document(did, private=private)
        except DidError as error:
            raise DeliveryError("peer.document", url=did[:256], why=error.code) from error
        base = document.services.get(service, "")
        if not base:
            raise DeliveryError("peer.no_service", peer=did[:256], service=service)
        return base

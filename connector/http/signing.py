"""The Peer port with every authorized request signed (RFC 9421), around whichever Peer carries them.

What lives here: which URI is signed. What does not: the signature (`connector.identity`, `certs.signatures`), HTTP
(`client`). Data is not asked for with tokens of ours and is not signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from connector.http.addresses import parse
from connector.ports import Peer, Reply, Signatures, Stream

_DEFAULT = {"http": 80, "https": 443}


class SigningPeer:
    """Signs what goes through it; a request without a token says nothing in our name and is left alone."""

    def __init__(self, peer: Peer, signatures: Signatures) -> None:
        self._peer, self._signatures = peer, signatures

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Peer.send`."""
        signed: Mapping[str, str] = {}
        if authorization is not None:
            signed = self._signatures.sign(method, target(url), authorization, body or b"")
        reply = await self._peer.send(
            method,
            url,
            authorization=authorization,
            body=body,
            private=private,
            deadline=deadline,
            fields={**fields, **signed} if fields else signed,
        )
        if authorization is None:
            return reply
        return Reply(reply.status, reply.body, reply.headers, {"authorization": authorization, **signed})

    async def open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        private: bool = False,
        deadline: float | None = None,
        method: str = "GET",
    ) -> Stream:
        """See `ports.Peer.open`."""
        return await self._peer.open(url, headers=headers, private=private, deadline=deadline, method=method)


def target(url: str) -> str:
    """The target URI of a request for `url`, as its receiver makes it from its own address and the request line (RFC
    9421, 2.2.2): no default port, no fragment, the path as it is written. Raises `DeliveryError` as `addresses.parse`.
    """
    parts = parse(url)
    path = parts.raw_path_qs
    return f"{parts.scheme}://{parts.raw_authority.removesuffix(f':{_DEFAULT[parts.scheme]}').lower()}{path}"


def origin(public_url: str) -> str:
    """What comes before the path in the target URI of every request to the node at `public_url`."""
    parts = urlsplit(target(public_url))
    return f"{parts.scheme}://{parts.netloc}"

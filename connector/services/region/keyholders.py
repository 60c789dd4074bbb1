"""Whether a request for a certificate comes from whoever holds the keys of the DID that it is about.

What lives here: comparing the key of a request, which is signed by it, with those in the DID's document as this region
gets it itself. What does not: having documents (`ports.Documents`), codes (`members`), what is issued (`certificates`).

INVARIANT: a one-time code says who was invited, never who somebody is.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog

from certs import did as dids
from certs import jwk
from certs.did import DidError, Document
from certs.enrol import Request
from connector.errors import BusyError, DeliveryError, RefusedError
from connector.ports import Documents

log = structlog.get_logger()


async def check_holder(documents: Documents, did: str, asked: Request, *, private: bool) -> None:
    """Is the key of this request one that may sign messages of `did`, or what it says? `private` allows private
    addresses for its document.

    Raises `RefusedError` `request.unproved`, and `BusyError` `request.no_document` where the document is not to be had
    now: asking again may help.
    """
    private = private and not _is_here(did)
    for fresh in (False, True):  # one that is kept may be older than the key
        try:
            found = await documents.document(did, private=private, fresh=fresh)
        except DeliveryError as error:
            log.info("region.no_document", did=did, code=error.reason.code)
            raise BusyError("request.no_document", did=did) from error
        except DidError as error:
            log.info("region.no_document", did=did, code=error.code)
            raise RefusedError("request.unproved", did=did) from error
        if _has(found, asked):
            return
    raise RefusedError("request.unproved", did=did)


def _has(found: Document, asked: Request) -> bool:
    return any(jwk.read(key).key == asked.key for key in found.pinned().values())


def _is_here(did: str) -> bool:
    """That a member may be in a private network leads nobody to what listens on this machine."""
    host = urlsplit(dids.to_url(did)).hostname or ""
    return host.startswith("127.") or f".{host}".endswith(".localhost")

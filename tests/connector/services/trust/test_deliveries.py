"""A delivery is judged as a whole; what its issuer's document says counts, and nothing is taken where it is away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from certs.did import DidError, Document
from connector.errors import DeliveryError, MessageError
from connector.protocol import dcp
from connector.services.trust.deliveries import Deliveries, asserting
from tests.connector.services.region.test_issuing import Scene, within
from tests.connector.services.trust.test_wallet import WISH, credential, delivery, wished


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


class Away:
    """Documents that cannot be read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def document(self, did: str, **more: Any) -> Document:
        """See `ports.Documents`."""
        raise self._error


async def judged(scene: Scene, documents: Any, *payloads: str) -> list[str]:
    """Ids of what is taken."""
    message = dcp.read(delivery(*payloads), dcp.CredentialMessage)
    deliveries = Deliveries(documents=documents, clock=scene.nord.clock, did=scene.nord.did)
    return [one.id for one in await deliveries.verified(await scene.nord.wallet.wish(WISH), message)]


@pytest.mark.parametrize("error", [DidError("did.other"), DeliveryError("peer.timeout")])
def test_where_the_issuers_document_is_away_nothing_is_taken(folder: Path, error: Exception) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        with pytest.raises(DeliveryError):
            await judged(scene, Away(error), credential(scene))

    within(folder, test)


def test_the_same_credential_twice_is_none(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        one = credential(scene)
        with pytest.raises(MessageError, match=r"delivery\.id"):
            await judged(scene, scene.town, one, one)
        assert await judged(scene, scene.town, one) == ["urn:uuid:credential"]

    within(folder, test)


def test_only_keys_for_assertions_count(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        document = scene.region.document
        assert set(asserting(document)) == set(document.assertions)
        await wished(scene)
        by_token = credential(scene, key=scene.nord.key, kid=f"{scene.region.did}#token")
        with pytest.raises(MessageError, match=r"delivery\.credential"):
            await judged(scene, scene.town, by_token)

    within(folder, test)

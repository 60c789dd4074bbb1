"""What every Documents must do. An adapter's test module subclasses `DocumentsContract` and gives the fixture."""

from __future__ import annotations

from typing import Protocol

import pytest

from certs.did import DidError
from connector.errors import DeliveryError
from connector.ports import Documents


class Library(Protocol):
    """Documents, and the DID of one that there is; `asked` counts who was asked for one."""

    documents: Documents
    there: str

    def asked(self) -> int: ...


class DocumentsContract:
    """Fixture `library` gives a `Library`."""

    async def test_a_document_is_about_whom_it_was_asked_for(self, library: Library) -> None:
        found = await library.documents.document(library.there)
        assert found.id == library.there
        assert found.tokens
        assert found.body
        assert found.at

    async def test_it_is_asked_for_once(self, library: Library) -> None:
        assert not library.documents.keeps(library.there)
        first = await library.documents.document(library.there)
        assert await library.documents.document(library.there, lacking=first.tokens[0]) is first
        assert library.documents.keeps(library.there)
        assert library.asked() == 1

    async def test_there_is_none_of_nobody(self, library: Library) -> None:
        with pytest.raises(DeliveryError):
            await library.documents.document("did:web:nobody.example")

    @pytest.mark.parametrize("name", ["", "did:web:", "did:web:a b", "did:key:z6Mk", "https://city.example"])
    async def test_nobody_is_asked_about_what_is_no_did_web(self, library: Library, name: str) -> None:
        with pytest.raises(DidError):
            await library.documents.document(name)
        assert library.asked() == 0

"""Where the node of a DID is, and how far a document of its leads."""

from __future__ import annotations

import pytest

from connector.services.trust.places import at_home

DID = "did:web:there.example%3A8443:node"


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://there.example:8443/node/dcp", True),
        ("https://there.example/dcp", True),
        ("http://there.example:9200/dcp", False),
        ("https://10.0.0.1/dcp", False),
        ("https://there.example.evil.example/dcp", False),
        ("https://there.example@10.0.0.1/dcp", False),
        ("", False),
    ],
)
def test_a_document_leads_inside_only_to_the_host_of_its_did(url: str, home: bool) -> None:
    assert at_home(DID, url) is home

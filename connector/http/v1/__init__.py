"""The endpoints of the management API, version 1: one module a subject, one table."""

from __future__ import annotations

from collections.abc import Sequence

from connector.http.endpoints import Endpoint, Services
from connector.http.v1 import (
    contracts,
    credentials,
    descriptions,
    doctor,
    edge,
    events,
    evidence,
    federation,
    frames,
    handover,
    harvests,
    keeping,
    negotiations,
    node,
    offering,
    people,
    planes,
    policies,
    portraits,
    region,
    search,
    silos,
    subscriptions,
    trust,
)


def table(services: Services) -> Sequence[Endpoint]:
    """Every endpoint that has a subject; the description of them all is the runner's own."""
    return [
        *node.endpoints(services),
        *people.endpoints(services),
        *offering.endpoints(services),
        *portraits.endpoints(services),
        *search.endpoints(services),
        *harvests.endpoints(services),
        *silos.endpoints(services),
        *planes.endpoints(services),
        *policies.endpoints(services),
        *frames.endpoints(services),
        *negotiations.endpoints(services),
        *contracts.endpoints(services),
        *evidence.endpoints(services),
        *doctor.endpoints(services),
        *events.endpoints(services),
        *keeping.endpoints(services),
        *handover.endpoints(services),
        *trust.endpoints(services),
        *credentials.endpoints(services),
        *descriptions.endpoints(services),
        *region.endpoints(services),
        *edge.endpoints(services),
        *subscriptions.endpoints(services),
        *federation.endpoints(services),
    ]


def table_of_data_plane(services: Services) -> Sequence[Endpoint]:
    """Every endpoint that a data plane by itself may have; which of them it does have is its composition's to say."""
    return [
        *node.endpoints(services),
        *people.endpoints(services),
        *offering.endpoints(services),
        *silos.endpoints(services),
        *planes.endpoints(services),
    ]

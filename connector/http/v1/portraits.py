"""Endpoints about what is said of assets beyond their titles."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from catalog.model import Metadata
from connector.http import views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Right
from connector.sentences import Language, sentence
from connector.services.portraits import Pictured


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    portraits = services.catalog.portraits

    async def get(visit: Visit) -> views.PortraitView:
        return _shown(await portraits.get(visit.values[0]), visit.language)

    async def change(visit: Visit) -> views.PortraitView:
        body: views.PortraitChange = visit.body
        kept = await portraits.change(visit.operator, visit.values[0], body.fields, anyway=body.anyway)
        return _shown(kept, visit.language)

    async def remove(visit: Visit) -> None:
        await portraits.remove(visit.operator, visit.values[0])

    return [
        Endpoint(
            method="GET",
            path="/v1/assets/{name}/portrait",
            right=Right.AUDITOR,
            about="What is said of an asset, and what a portal would find wrong with it.",
            serve=get,
            answer=views.PortraitView,
        ),
        Endpoint(
            method="POST",
            path="/v1/assets/{name}/portrait",
            right=Right.STEWARD,
            about="Say something of an asset: keywords, themes, licence, place; what is not named stays.",
            serve=change,
            body=views.PortraitChange,
            answer=views.PortraitView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/assets/{name}/portrait",
            right=Right.STEWARD,
            about="Take back what is said of an asset beyond its title.",
            serve=remove,
            status=204,
        ),
    ]


def _shown(one: Pictured, language: Language) -> views.PortraitView:
    portrait = one.portrait
    told, nothing = msgspec.to_builtins(one.metadata), msgspec.to_builtins(Metadata())
    return views.PortraitView(
        asset=one.asset.id,
        name=one.asset.name,
        metadata={name: value for name, value in told.items() if value != nothing[name]},
        findings=tuple(
            views.FaultView(
                rule=found.rule,
                severity=found.severity,
                property=found.property,
                value=found.value,
                sentence=sentence(found.mend, language),
            )
            for found in one.findings
        ),
        source="" if portrait is None else portrait.source,
        changed=None if portrait is None else portrait.changed,
        changed_by="" if portrait is None else portrait.changed_by,
    )

"""Endpoints about silos: systems that data are read from, what they have, what is shared of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.data.ports import Setting
from connector.data.queries.model import Selection, Shape
from connector.data.silos import limits, looking, urls
from connector.data.silos.kinds import KINDS, Place
from connector.errors import SourceError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Right, Silo
from connector.sentences import Language
from policies.model import Reason


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_kept(services), *_looked(services)]


def _kept(services: Services) -> Sequence[Endpoint]:
    """What is kept of silos."""
    register, silos = services.register, services.silos

    async def kinds(visit: Visit) -> views.Page[Any]:
        items = [kind(name, visit.language) for name in silos.kinds]
        return views.Page(items=(*items, by_url(visit.language)))

    def by_url(language: Language) -> views.KindView:
        url = _setting(urls.SETTING, language)
        return views.KindView(kind=urls.SQL, settings=(url,), missing=(), install="", reason=None)

    def kind(name: str, language: Language) -> views.KindView:
        place = KINDS.get(name, Place(""))
        try:
            settings = [*silos.reader(name).settings, *limits.COMMON]
            wrong = None
        except SourceError as error:
            settings, wrong = [], showing.reason(error.reason, language)
        return views.KindView(
            kind=name,
            settings=tuple(_setting(one, language) for one in settings),
            missing=place.missing,
            install=f"pip install '{place.extra}'" if place.missing else "",
            reason=wrong,
        )

    async def shown(one: Silo, language: Language) -> views.SourceView:
        code = silos.standing(one.id)
        return views.SourceView(
            name=one.id,
            kind=one.kind,
            settings=one.settings,
            assets=tuple(asset.name for asset in await register.assets(one.id)),
            reason=showing.reason(Reason(code), language) if code else None,
            created=one.created,
            created_by=one.created_by,
        )

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await register.select(after=visit.query.after, limit=visit.query.limit)
        return showing.page(found, [await shown(one, visit.language) for one in found], visit.query.limit)

    async def add(visit: Visit) -> views.SourceView:
        body: views.NewSource = visit.body
        kind, settings = urls.settled(body.name, body.kind, body.settings)
        return await shown(await register.add(visit.operator, body.name, kind, settings), visit.language)

    async def get(visit: Visit) -> views.SourceView:
        return await shown(await register.get(visit.values[0]), visit.language)

    async def change(visit: Visit) -> views.SourceView:
        body: views.SourceChange = visit.body
        changed = await register.change(visit.operator, visit.values[0], body.settings, body.without)
        return await shown(changed, visit.language)

    async def remove(visit: Visit) -> None:
        await register.remove(visit.operator, visit.values[0])

    return [
        Endpoint(
            method="GET",
            path="/v1/source-kinds",
            right=Right.AUDITOR,
            about="Kinds of silos, what each needs, and what is not installed.",
            serve=kinds,
            answer=views.Page[views.KindView],
        ),
        Endpoint(
            method="GET",
            path="/v1/sources",
            right=Right.AUDITOR,
            about="Silos that this node reads from.",
            serve=listed,
            query=views.PageQuery,
            answer=views.Page[views.SourceView],
        ),
        Endpoint(
            method="POST",
            path="/v1/sources",
            right=Right.ADMIN,
            about="Keep a silo; nothing of it is shared by that, and it is not asked yet.",
            serve=add,
            body=views.NewSource,
            answer=views.SourceView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/sources/{name}",
            right=Right.AUDITOR,
            about="One silo.",
            serve=get,
            answer=views.SourceView,
        ),
        Endpoint(
            method="POST",
            path="/v1/sources/{name}/change",
            right=Right.ADMIN,
            about="Change settings of a silo; what is made of it goes on with the new ones.",
            serve=change,
            body=views.SourceChange,
            answer=views.SourceView,
        ),
        Endpoint(
            method="DELETE",
            path="/v1/sources/{name}",
            right=Right.ADMIN,
            about="Forget a silo of which nothing is shared any more.",
            serve=remove,
            status=204,
        ),
    ]


def _looked(services: Services) -> Sequence[Endpoint]:
    """What is in them."""
    register, silos, offers = services.register, services.silos, services.offers

    async def check(visit: Visit) -> views.FoundView:
        silo = await register.get(visit.values[0])
        await register.looked(visit.operator, silo.id, visit.body.collection)
        return _found(await looking.look(silos, silo, visit.body.collection), visit.language)

    async def share(visit: Visit) -> views.AssetView:
        body: views.NewSelection = visit.body
        silo = await register.get(visit.values[0])
        selection = Selection(collection=body.collection, fields=body.fields, where=body.where)
        frozen = await looking.freeze(silos, silo, selection)
        added = await offers.add_asset(
            visit.operator,
            name=body.name,
            title=body.title or frozen.shape.title,
            kind=silo.kind,
            settings=frozen.settings,
            description=body.description,
            media_type=frozen.media_type,
        )
        return showing.asset(added)

    async def preview(visit: Visit) -> views.RowsView:
        asset = await offers.asset(visit.values[0])
        await register.looked(visit.operator, str(asset.settings.get("silo", "")), asset.name)
        return _rows(await looking.preview(silos, asset, visit.query.limit))

    return [
        Endpoint(
            method="POST",
            path="/v1/sources/{name}/check",
            right=Right.STEWARD,
            about="Ask a silo what it has: collections, fields, some rows, what it can do itself.",
            serve=check,
            body=views.LookAtSource,
            answer=views.FoundView,
        ),
        Endpoint(
            method="POST",
            path="/v1/sources/{name}/assets",
            right=Right.STEWARD,
            about="Describe a collection of a silo as something to share; it stays where it is.",
            serve=share,
            body=views.NewSelection,
            answer=views.AssetView,
            status=201,
        ),
        Endpoint(
            method="GET",
            path="/v1/assets/{name}/rows",
            right=Right.STEWARD,
            about="The first rows of an asset of a silo, as they stand there.",
            serve=preview,
            query=views.PreviewQuery,
            answer=views.RowsView,
        ),
    ]


def _setting(one: Setting, language: Language) -> views.SettingView:
    return views.SettingView(
        name=one.name,
        about=one.ueber if language == "de" else one.about,
        needed=one.needed,
        secret=one.secret,
        common=one in limits.COMMON,
        example=one.example,
    )


def _found(one: looking.Found, language: Language) -> views.FoundView:
    return views.FoundView(
        collections=one.collections,
        seen=tuple(_seen(each, language) for each in one.seen),
        concerns=tuple(showing.reason(each, language) for each in one.concerns),
    )


def _seen(one: looking.Seen, language: Language) -> views.SeenView:
    shape = one.shape or Shape(fields=(), media_type="")
    return views.SeenView(
        collection=one.collection,
        title=shape.title,
        media_type=shape.media_type,
        fields=tuple(
            views.FieldView(name=each.name, kind=each.kind.value, nullable=each.nullable) for each in shape.fields
        ),
        key=shape.key,
        time=shape.time,
        geometry=shape.geometry,
        crs=shape.crs,
        licence=shape.licence,
        live=shape.live,
        snapshot=shape.snapshot,
        sample=None if one.sample is None else _rows(one.sample),
        parts=one.parts,
        lacks=tuple(showing.reason(each, language) for each in one.lacks),
        reason=showing.reason_or_none(one.wrong, language),
    )


def _rows(one: looking.Rows) -> views.RowsView:
    return views.RowsView(fields=one.fields, rows=one.rows)

"""Endpoints about descriptions: this node's own, those of others, those of members of its region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from catalog.descriptions.verifier import Step
from connector.errors import InputError
from connector.http import showing, views
from connector.http.endpoints import Endpoint, Services, Visit
from connector.records import Description, Right
from connector.sentences import Language
from connector.services.region.comply import Compliance, Report
from connector.services.trust.descriptions import Checked, reasons


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""
    return [*_own(services), *_publishing(services), *_others(services), *_members(services)]


def _own(services: Services) -> Sequence[Endpoint]:
    descriptions = services.describing.descriptions

    async def check(visit: Visit) -> views.ParticularsView:
        return _particulars(await descriptions.check(), visit.language)

    async def say(visit: Visit) -> views.ParticularsView:
        said = {name: value for name, value in asdict(visit.body).items() if value is not UNSET}
        await descriptions.say(visit.operator, said)
        return _particulars(await descriptions.check(), visit.language)

    return [
        Endpoint(
            method="GET",
            path="/v1/descriptions/own",
            right=Right.AUDITOR,
            about="What this node would publish of itself now, and what is missing.",
            serve=check,
            answer=views.ParticularsView,
        ),
        Endpoint(
            method="POST",
            path="/v1/descriptions/own",
            right=Right.STEWARD,
            about="Say something of the participant behind this node.",
            serve=say,
            body=views.NewParticulars,
            answer=views.ParticularsView,
        ),
    ]


def _publishing(services: Services) -> Sequence[Endpoint]:
    descriptions = services.describing.descriptions

    async def listed(visit: Visit) -> views.Page[Any]:
        found = await descriptions.every()
        return views.Page(items=tuple(_description(one, services.did) for one in found), next=None)

    async def publish(visit: Visit) -> views.Page[Any]:
        await descriptions.publish(visit.operator)
        return await listed(visit)

    async def attest(visit: Visit) -> views.Page[Any]:
        if visit.body.what == "number":
            await services.describing.clearing.number(visit.operator)
        else:
            await services.describing.clearing.label(visit.operator, visit.body.what)
        return await listed(visit)

    async def withdraw(visit: Visit) -> None:
        await descriptions.withdraw(visit.operator)

    return [
        Endpoint(
            method="GET",
            path="/v1/descriptions",
            right=Right.AUDITOR,
            about="What this node publishes of itself.",
            serve=listed,
            answer=views.Page[views.DescriptionView],
        ),
        Endpoint(
            method="POST",
            path="/v1/descriptions/publish",
            right=Right.STEWARD,
            about="Publish this node's descriptions, from now on kept up to date.",
            serve=publish,
            answer=views.Page[views.DescriptionView],
        ),
        Endpoint(
            method="POST",
            path="/v1/descriptions/attest",
            right=Right.STEWARD,
            about="Have the registration number attested, or a label given, by the clearing house in the settings.",
            serve=attest,
            body=views.Attesting,
            answer=views.Page[views.DescriptionView],
        ),
        Endpoint(
            method="POST",
            path="/v1/descriptions/withdraw",
            right=Right.STEWARD,
            about="Publish no descriptions any more.",
            serve=withdraw,
            status=204,
        ),
    ]


def _others(services: Services) -> Sequence[Endpoint]:
    async def look(visit: Visit) -> views.VerifiedView:
        seen = await services.describing.looking.look(visit.body.peer, private=visit.body.private)
        return views.VerifiedView(
            id=seen.did,
            holds=seen.verified.holds,
            regional=seen.verified.regional,
            steps=tuple(_step(one, visit.language) for one in seen.verified.steps),
        )

    async def older(visit: Visit) -> views.OlderView:
        steps = await services.describing.looking.older(visit.body.document)
        return views.OlderView(
            holds=all(one.passed for one in steps), steps=tuple(_step(one, visit.language) for one in steps)
        )

    return [
        Endpoint(
            method="POST",
            path="/v1/descriptions/look",
            right=Right.STEWARD,
            about="Verify the descriptions of another node, in ten steps.",
            serve=look,
            body=views.LookAtDescriptions,
            answer=views.VerifiedView,
        ),
        Endpoint(
            method="POST",
            path="/v1/descriptions/older",
            right=Right.STEWARD,
            about="Verify a description of the older generation, where the settings allow it.",
            serve=older,
            body=views.OlderDescription,
            answer=views.OlderView,
        ),
    ]


def _members(services: Services) -> Sequence[Endpoint]:
    def kept() -> Compliance:
        if services.describing.compliance is None:
            raise InputError("region.not_kept")
        return services.describing.compliance

    async def check(visit: Visit) -> views.ComplianceView:
        return _report(await kept().check(visit.values[0]), False, visit.language)

    async def comply(visit: Visit) -> views.ComplianceView:
        return _report(await kept().comply(visit.operator, visit.values[0]), True, visit.language)

    return [
        Endpoint(
            method="GET",
            path="/v1/region/members/{name}/compliance",
            right=Right.AUDITOR,
            about="Judge a member's descriptions by the rules of this node's region.",
            serve=check,
            answer=views.ComplianceView,
        ),
        Endpoint(
            method="POST",
            path="/v1/region/members/{name}/comply",
            right=Right.ADMIN,
            about="Judge a member's descriptions, and attest that they keep to the rules.",
            serve=comply,
            answer=views.ComplianceView,
        ),
    ]


# --- as people see it -------------------------------------------------------------------------------------------------


def _particulars(one: Checked, language: Language) -> views.ParticularsView:
    seat = one.party.seat
    return views.ParticularsView(
        name=one.party.name,
        description=one.party.description,
        country=seat.country,
        region=seat.region,
        locality=seat.locality,
        postcode=seat.postcode,
        street=seat.street,
        register=one.party.register,
        number=one.party.number,
        terms=one.own.terms,
        published=one.own.published,
        complete=not one.findings,
        findings=tuple(showing.reason(reason, language) for reason in reasons(one.findings)),
    )


def _description(one: Description, own: str) -> views.DescriptionView:
    return views.DescriptionView(
        id=one.id,
        name=one.id.rpartition("/")[2],
        kind=one.kind,
        issuer=one.issuer,
        attested=one.issuer != own,
        issued=one.issued,
        ends=one.ends,
    )


def _step(one: Step, language: Language) -> views.StepView:
    return views.StepView(
        number=one.number,
        name=one.name,
        credential=one.about,
        passed=one.passed,
        reason=showing.reason_or_none(one.reason, language),
    )


def _report(one: Report, attested: bool, language: Language) -> views.ComplianceView:
    return views.ComplianceView(
        member=one.member.name,
        complies=one.complies,
        attested=attested,
        met=one.met,
        unmet=tuple(showing.reason(reason, language) for reason in one.unmet),
    )

"""The endpoint of a contract's evidence."""

from __future__ import annotations

from collections.abc import Sequence

from connector.http import showing
from connector.http.endpoints import Endpoint, Services, Visit
from connector.http.exchange import Response
from connector.records import Agreement, Right

ZIP = "application/zip"


def endpoints(services: Services) -> Sequence[Endpoint]:
    """The table of this subject."""

    async def written(visit: Visit) -> Response:
        contract = await showing.full_id(visit.values[0], services.store, Agreement)
        bundle = await services.evidence.write(visit.operator, contract, visit.language)
        signed = [name for name in ("provider", "consumer") if getattr(bundle.signers, name)]
        headers = {
            "content-type": ZIP,
            "cache-control": "no-store",
            "content-disposition": 'attachment; filename="evidence.zip"',
            "allmende-signed": ", ".join(signed) or "none",
        }
        return Response(200, headers, bundle.body)

    return [
        Endpoint(
            method="GET",
            path="/v1/contracts/{id}/evidence",
            right=Right.AUDITOR,
            about="Everything that proves a contract, in one file that is checked offline.",
            serve=written,
            answer=ZIP,
        )
    ]

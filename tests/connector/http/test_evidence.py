"""The endpoint of evidence, and what the API says about signatures wherever it shows a contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from certs.verifier import verify
from connector.records import Right
from tests.connector.http.nodes import manage, told
from tests.connector.joined import joined


@pytest.mark.parametrize(
    ("signing", "said"),
    [
        ((True, True), "Von beiden Seiten unterschrieben."),
        ((True, False), "Nicht unterschrieben von utility"),
        ((False, False), "weder von utility noch von uns"),
    ],
    ids=["both", "one", "none"],
)
async def test_every_view_of_a_contract_says_who_has_signed(
    tmp_path: Path, signing: tuple[bool, bool], said: str
) -> None:
    async with joined(tmp_path, signing=signing) as two:
        contract = await two.contract()
        await two.city.operators.found("admin", (two.city.config.directory / "token").read_text().strip())
        one = told(await manage(two.city, "GET", f"/v1/contracts/{contract}", accept_language="de"))
        (other,) = told(await manage(two.city, "GET", "/v1/contracts", accept_language="de"))["items"]
        for shown in (one, other):
            assert (shown["signed"]["provider"], shown["signed"]["consumer"]) == signing
            assert said in shown["signed"]["sentence"]


async def test_evidence_is_a_download_for_auditors(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        contract = await two.contract()
        _, token = await two.city.operators.add("admin", "lawyer", Right.AUDITOR)
        path = f"/v1/contracts/{contract}/evidence"
        answer = await manage(two.city, "GET", path, token=token)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
        assert answer.headers["allmende-signed"] == "provider, consumer"
        assert verify(answer.body).faults == []
        assert (await manage(two.city, "GET", path, token="nobody")).status == 401
        (entry,) = [one for one in await two.city.audit.log(limit=1000) if one.event == "evidence.written"]
        assert entry.actor == "lawyer"
        answer = await manage(two.city, "GET", "/v1/contracts/urn:uuid:00000000-none/evidence", token=token)
        assert answer.status in (400, 404)

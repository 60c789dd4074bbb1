"""What the settings say, in the words of the parts."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from connector import config, fittings
from connector.config import Config
from connector.http.client import client_of
from connector.system import SystemClock


def settings(folder: Path, **environment: str) -> Config:
    url = "https://city.example/data/node"
    text = config.template(url, public_port=8180, management_port=8181)
    return config.read(folder, text, {f"ALLMENDE_{name}": value for name, value in environment.items()})


def test_limits_and_addresses_follow_the_settings(tmp_path: Path) -> None:
    own = settings(tmp_path, OUTBOX__GIVE_UP_DAYS="3", LIMITS__CONNECTIONS="77", NETWORK__DEADLINE="9")
    assert (fittings.outbox_limits(own).give_up, fittings.outbox_limits(own).deadline) == (3 * 86_400, 9)
    assert fittings.http_limits(own).connections == 77
    assert fittings.data_path(own) == "/data/node/data/"
    assert fittings.certificate(own) is None


async def test_people_are_told_by_the_ways_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x" * 32)
    ways = {
        "NOTIFY__MAIL_FROM": "node@city.example",
        "NOTIFY__SMTP_HOST": "mail.city.example",
        "NOTIFY__WEBHOOK_URL": "https://hook.city.example/",
        "NOTIFY__WEBHOOK_SECRET_FILE": str(tmp_path / "secret"),
    }
    for named, expected in (({}, []), (ways, ["mail", "webhook"])):
        own = settings(tmp_path, **named)
        own = replace(own, notify=replace(own.notify, mail_to=("admin@city.example",) if named else ()))
        client = client_of(own.network)
        assert [one.name for one in fittings._channels(own, client, SystemClock())] == expected
        await client.close()

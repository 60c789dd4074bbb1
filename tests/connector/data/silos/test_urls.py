"""Databases by URL become one of the three kinds, or it is said why not; a password never gets in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connector.data.silos import urls
from connector.errors import InputError


@pytest.mark.parametrize(
    ("url", "kind", "settings"),
    [
        (
            "postgresql://reader@db.local:5433/air",
            "postgres",
            {"host": "db.local", "port": "5433", "user": "reader", "database": "air"},
        ),
        ("postgres://db.local/air", "postgres", {"host": "db.local", "database": "air"}),
        (
            "jdbc:postgresql://db.local/air?user=reader&currentSchema=geo&sslmode=require",
            "postgres",
            {"host": "db.local", "database": "air", "user": "reader", "schema": "geo", "sslmode": "require"},
        ),
        (
            "postgresql:///air?host=/run/postgresql&user=me",
            "postgres",
            {"host": "/run/postgresql", "database": "air", "user": "me"},
        ),
        ("mysql+pymysql://r%40x@[::1]/air", "mariadb", {"host": "::1", "user": "r@x", "database": "air"}),
        ("mariadb://db/air", "mariadb", {"host": "db", "database": "air"}),
        ("sqlite:///srv/air%20x.db", "sqlite", {"path": "/srv/air x.db"}),
        ("sqlite:////srv/air.db", "sqlite", {"path": "/srv/air.db"}),
    ],
)
def test_a_url_says_which_database_it_is(url: str, kind: str, settings: Mapping[str, str]) -> None:
    assert urls.settled("x", "sql", {"url": url}) == (kind, settings)


def test_settings_beside_the_url_stay() -> None:
    given = {"url": "postgresql://reader@db/air", "password_file": "/etc/pw", "user": "reader"}
    kind, settings = urls.settled("x", "sql", given)
    assert (kind, settings) == (
        "postgres",
        {"host": "db", "database": "air", "user": "reader", "password_file": "/etc/pw"},
    )


def test_other_kinds_stay_as_they_are() -> None:
    settings = {"url": "https://geo.city/wfs"}
    assert urls.settled("x", "wfs", settings) == ("wfs", settings)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, "silo.url"),
        ({"url": ""}, "silo.url"),
        ({"url": "db.local/air"}, "silo.url"),
        ({"url": "postgresql:air"}, "silo.url"),
        ({"url": "postgresql://db:port/air"}, "silo.url"),
        ({"url": "sqlite://host/air.db"}, "silo.url"),
        ({"url": "sqlite:///"}, "silo.url"),
        ({"url": "oracle://db/air"}, "silo.url.scheme"),
        ({"url": "postgresql://db/air", "host": "other"}, "silo.url.twice"),
        ({"url": "postgresql://db/air?options=-c"}, "silo.url.parameter"),
        ({"url": "postgresql://u:hush@db/air"}, "silo.settings"),
        ({"url": "jdbc:postgresql://db/air?password=hush"}, "silo.settings"),
        ({"url": "postgresql://db/air", "password": "hush"}, "silo.settings"),
    ],
)
def test_what_cannot_be_is_refused_without_a_word_of_a_secret(settings: Mapping[str, str], code: str) -> None:
    with pytest.raises(InputError) as refused:
        urls.settled("x", "sql", settings)
    assert refused.value.reason.code == code
    assert "hush" not in str(refused.value.reason.params)

"""Settings that databases share: where one is, who asks, how long a statement may take, what a time without an offset
means.

What lives here: their description, what is wrong with them, which column is the time. What does not: connections.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from connector.data.ports import Setting
from connector.data.queries.model import Field, Kind, Selection, Shape
from connector.data.sources.sql.values import Column
from connector.errors import SourceError
from policies.transforms import times

MODES: Final = ("disable", "require", "verify-full")
SECONDS: Final = 3600
"""How long a statement may take where nobody said otherwise."""
_LONGEST: Final = 86_400

COMMON: Final[Sequence[Setting]] = (
    Setting("zone", "clock of times without an offset", "Uhr der Zeiten ohne Abweichung", example=times.ZONE),
    Setting("time", "column that says when a row was measured", "Spalte mit dem Zeitpunkt", example="measured_at"),
    Setting("keys", "keys of views, as in VIEW=FIELD+FIELD,VIEW=FIELD", "Schlüssel von Sichten", example="latest=id"),
    Setting("statement_seconds", "how long a statement may take", "wie lange eine Abfrage dauern darf", example="600"),
)
SERVER: Final[Sequence[Setting]] = (
    Setting("host", "name or address of the server", "Name oder Adresse des Servers", needed=True, example="db.local"),
    Setting("port", "port of the server", "Port des Servers", example="5432 (PostgreSQL), 3306 (MariaDB)"),
    Setting("database", "name of the database", "Name der Datenbank", needed=True, example="air"),
    Setting("user", "who asks", "wer fragt", needed=True, example="allmende"),
    Setting("password_file", "file with the password", "Datei mit dem Passwort", secret=True, example="/etc/air.pw"),
    Setting("password_credential", "systemd credential", "Credential von systemd", secret=True, example="air"),
    Setting("sslmode", "disable, require or verify-full", "disable, require oder verify-full", example="verify-full"),
    Setting("ca", "file with the authority's certificate", "Datei mit dem Zertifikat der CA", example="/etc/ca.pem"),
)


def check(settings: Mapping[str, Any], known: Sequence[Setting]) -> list[str]:
    """What is wrong with the settings, in plain sentences."""
    names = {one.name for one in known}
    wrong = [f"there is no setting {name}" for name in settings if name not in names]
    wrong += [f"{one.name} is needed" for one in known if one.needed and not settings.get(one.name)]
    if "port" in settings and not _is_whole(settings["port"], 65_535):
        wrong.append("port is a number up to 65535")
    if "statement_seconds" in settings and not _is_whole(settings["statement_seconds"], _LONGEST):
        wrong.append(f"statement_seconds is a number of seconds up to {_LONGEST}")
    if settings.get("sslmode", MODES[0]) not in MODES:
        wrong.append(f"sslmode is one of {', '.join(MODES)}")
    if "keys" in settings and any(not all(_key(one)) for one in str(settings["keys"]).split(",")):
        wrong.append("keys is VIEW=FIELD, or more of them with commas between")
    try:
        times.zone(zone(settings))
    except ValueError:
        wrong.append("zone is the IANA name of a time zone")
    if "ca" in settings and not Path(str(settings["ca"])).is_file():
        wrong.append("ca is no file")
    return wrong


def _is_whole(value: object, most: int) -> bool:
    text = str(value)
    return text.isascii() and text.isdigit() and 1 <= int(text) <= most


def _key(text: str) -> tuple[str, list[str]]:
    name, _, fields = text.partition("=")
    return name.strip(), [one.strip() for one in fields.split("+") if one.strip()]


def key(
    settings: Mapping[str, Any], collection: str, found: Sequence[str], columns: Sequence[Column]
) -> tuple[str, ...]:
    """The key of a collection: its own, else the one that the settings have for it. Raises `SourceError` `source.drift`
    for a field that is not there."""
    told = dict(map(_key, str(settings.get("keys", "")).split(","))) if not found else {}
    for name in told.get(collection, ()):
        if name not in {one.name for one in columns}:
            raise SourceError("source.drift", field=name[:100])
    return tuple(found or told.get(collection, ()))


def zone(settings: Mapping[str, Any]) -> str:
    """The clock of times without an offset."""
    return str(settings.get("zone", times.ZONE))


def seconds(settings: Mapping[str, Any], most: float) -> int:
    """How long a statement may take, at most as long as the access."""
    return max(1, min(int(settings.get("statement_seconds", SECONDS)), int(most)))


def sslmode(settings: Mapping[str, Any]) -> str:
    """How a connection is protected: on another machine it is, unless somebody has said otherwise."""
    near = str(settings.get("host", "")) in ("localhost", "127.0.0.1", "::1") or str(settings["host"]).startswith("/")
    return str(settings.get("sslmode", "disable" if near else "verify-full"))


_TIMES: Final = (
    *("measured_at", "observed_at", "phenomenon_time", "phenomenontime", "result_time", "timestamp", "time", "ts"),
    *("datetime", "date_time", "zeitstempel", "zeitpunkt", "messzeit", "messzeitpunkt", "zeit", "updated_at"),
    *("created_at", "date", "datum", "tag"),
)


def shape(
    columns: Sequence[Column],
    key: Sequence[str],
    selection: Selection,
    settings: Mapping[str, Any],
    snapshot: bool = False,
) -> Shape:
    """The shape of a selection. Raises `SourceError` `source.drift` for a field that is not there."""
    there = {one.name: one for one in columns}
    for name in selection.fields:
        if name not in there:
            raise SourceError("source.drift", field=name[:100])
    kept = [one for one in columns if not selection.fields or one.name in selection.fields]
    fields = tuple(Field(one.name, one.kind, one.nullable) for one in kept)
    names = {one.name for one in fields}
    place = next((one.name for one in fields if one.kind is Kind.GEOMETRY), "")
    return Shape(
        fields=fields,
        media_type="text/csv",
        key=tuple(key) if set(key) <= names else (),
        time=_time(fields, str(settings.get("time", "")), names),
        geometry=place,
        crs="OGC:CRS84" if place else "",
        snapshot=snapshot,
    )


def _time(fields: Sequence[Field], asked: str, names: Collection[str]) -> str:
    """The column that says when: the one that is set, the first of a usual name, or the only instant there is."""
    if asked:
        return asked if asked in names else ""
    timed = {one.name.lower(): one.name for one in fields if one.kind in (Kind.INSTANT, Kind.DATE)}
    usual = next((timed[name] for name in _TIMES if name in timed), "")
    instants = [one.name for one in fields if one.kind is Kind.INSTANT]
    return usual or (instants[0] if len(instants) == 1 else "")

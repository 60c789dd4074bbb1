"""A Django site that serves SensorThings: a program for the servers' own interpreter, never imported by tests.

Arguments: the folder of its database, the port it is seen at, the port it listens on.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import django
import waitress
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

FOLDER, SEEN, PORT = sys.argv[1:]
settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    USE_TZ=True,
    TIME_ZONE="UTC",
    INSTALLED_APPS=["sensorthings.versions.v1_1", "sensorthings.versions.v1_1.backends.django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/database"}},
    SENSORTHINGS_V1_1_SERVICE_URL=f"http://127.0.0.1:{SEEN}/sensorthings",
    SENSORTHINGS_V1_1_BACKEND_ADAPTER="__main__.Adapter",
    SENSORTHINGS_V1_1_ID_TYPE=UUID,
    SENSORTHINGS_V1_1_ID_DELIMITER="'",
)
django.setup()

from sensorthings.types import OrderByField  # noqa: E402 - Django has to be set up first
from sensorthings.versions.v1_1.backends.django.adapter import DjangoBackendAdapter  # noqa: E402


class Adapter(DjangoBackendAdapter):
    """Sorts by phenomenonTime too, which the one that comes with it has two columns for."""

    @staticmethod
    def build_orderby_arg(orderby: list[OrderByField] | None = None) -> list[object]:
        """As the library has it, with the beginning for the time."""
        named = {"phenomenonTime": "phenomenonTimeBegin", "phenomenon_time": "phenomenon_time_begin"}
        fields = [OrderByField([named.get(part, part) for part in one.path], one.direction) for one in orderby or ()]
        return DjangoBackendAdapter.build_orderby_arg(fields)


urlpatterns = [path("sensorthings/", include("sensorthings.versions.v1_1.urls"))]


def fill() -> None:
    """Stations, what they measure, and readings, out of order."""
    from sensorthings.versions.v1_1.backends.django import models as m

    chance = random.Random(7)
    kinds = (("PM10", "µg/m³"), ("temperature", "°C"))
    properties = {
        name: m.ObservedProperty.objects.create(name=name, definition=f"http://example/{name}", description=name)
        for name, _ in kinds
    }
    sensor = m.Sensor.objects.create(
        name="box", description="box", encoding_type="application/pdf", metadata="http://example/box.pdf"
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number, station in enumerate(os.environ["STATIONS"].split(",")):
        thing = m.Thing.objects.create(name=station, description=station, properties={"district": station})
        point = {"type": "Point", "coordinates": [9.9 + number / 10, 48.4]}
        m.Location.objects.create(name=station, description=station, location=point).things.add(thing)
        place = m.FeatureOfInterest.objects.create(name=station, description=station, feature=point)
        for name, unit in kinds:
            stream = m.Datastream.objects.create(
                name=f"{station} {name}",
                description=name,
                unit_of_measurement={"name": unit, "symbol": unit, "definition": "http://example/unit"},
                observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                thing=thing,
                sensor=sensor,
                observed_property=properties[name],
            )
            readings = []
            for index in range(int(os.environ["OBSERVATIONS"])):
                # Every tenth at the time of the one before.
                when = start + timedelta(minutes=10 * (index - (index % 10 == 9)))
                readings.append(
                    m.Observation(
                        phenomenon_time_begin=when,
                        result=round(chance.uniform(0, 60), 2),
                        result_time=when,
                        datastream=stream,
                        feature_of_interest=place,
                    )
                )
            chance.shuffle(readings)
            m.Observation.objects.bulk_create(readings)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    fill()
    waitress.serve(get_wsgi_application(), listen=f"127.0.0.1:{PORT}", threads=2)

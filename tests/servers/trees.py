"""What the geo servers serve: the trees of a city, in the coordinates of its land register (EPSG:25832), and benches.

Names have umlauts, quotes and ampersands; every tenth tree has no height; every district has as many trees.
"""

from __future__ import annotations

from typing import Any, Final

DISTRICTS: Final = ("Mitte", "Söflingen", "Wiblingen", "Eselsberg")
TREES: Final = 2400
BENCHES: Final = 60
CREATE: Final = f"""
CREATE TABLE trees (
  id integer PRIMARY KEY, district text NOT NULL, species text, height double precision, crown integer,
  planted date, checked timestamptz, owner text, place geometry(Point, 25832));
INSERT INTO trees SELECT i,
  (ARRAY[{", ".join(f"'{one}'" for one in DISTRICTS)}])[1 + i % {len(DISTRICTS)}],
  (ARRAY['Linde', 'Eiche "Alte"', 'O''Hara & Söhne <Ahorn>'])[1 + i % 3],
  CASE WHEN i % 10 = 0 THEN NULL ELSE 5 + (i % 250) / 10.0 END,
  i % 15,
  date '1950-01-01' + i,
  timestamptz '2026-01-01T00:00:00Z' + i * interval '1 hour',
  'owner ' || i,
  ST_SetSRID(ST_MakePoint(570000 + (i * 37) % 6000, 5359000 + (i * 91) % 5000), 25832)
FROM generate_series(1, {TREES}) AS i;
CREATE INDEX ON trees USING gist (place);
"""


def benches() -> dict[str, Any]:
    """Benches as GeoJSON, longitude first."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": number,
                "geometry": {"type": "Point", "coordinates": [9.95 + number / 1000, 48.38 + number / 2000]},
                "properties": {"number": number, "district": DISTRICTS[number % len(DISTRICTS)], "seats": number % 5},
            }
            for number in range(1, BENCHES + 1)
        ],
    }

"""How often data are brought up to date, and categories of high-value datasets, by what people call them.

What lives here: names, in German and English. What does not: the codes as authorities' lists (`profile.vocabularies`),
how long each interval is (`profile.freshness`). Sources: the EU authority table `frequency`; Implementing Regulation
(EU) 2023/138, annex, whose six categories are DCAT-AP HVD's; labels shortened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "UPDATE_CONT": ("laufend", "all the time"),
    "CONT": ("laufend", "all the time"),
    "1MIN": ("jede Minute", "every minute"),
    "5MIN": ("alle 5 Minuten", "every 5 minutes"),
    "10MIN": ("alle 10 Minuten", "every 10 minutes"),
    "15MIN": ("alle 15 Minuten", "every 15 minutes"),
    "30MIN": ("alle 30 Minuten", "every 30 minutes"),
    "HOURLY": ("stündlich", "hourly"),
    "BIHOURLY": ("alle zwei Stunden", "every two hours"),
    "TRIHOURLY": ("alle drei Stunden", "every three hours"),
    "12HRS": ("alle 12 Stunden", "every 12 hours"),
    "DAILY_2": ("zweimal täglich", "twice a day"),
    "DAILY": ("täglich", "daily"),
    "WEEKLY_3": ("dreimal in der Woche", "three times a week"),
    "WEEKLY_2": ("zweimal in der Woche", "twice a week"),
    "WEEKLY": ("wöchentlich", "weekly"),
    "BIWEEKLY": ("alle zwei Wochen", "every two weeks"),
    "MONTHLY_3": ("dreimal im Monat", "three times a month"),
    "MONTHLY_2": ("zweimal im Monat", "twice a month"),
    "MONTHLY": ("monatlich", "monthly"),
    "BIMONTHLY": ("alle zwei Monate", "every two months"),
    "QUARTERLY": ("vierteljährlich", "quarterly"),
    "ANNUAL_3": ("dreimal im Jahr", "three times a year"),
    "ANNUAL_2": ("halbjährlich", "twice a year"),
    "ANNUAL": ("jährlich", "yearly"),
    "BIENNIAL": ("alle zwei Jahre", "every two years"),
    "TRIENNIAL": ("alle drei Jahre", "every three years"),
    "QUADRENNIAL": ("alle vier Jahre", "every four years"),
    "QUINQUENNIAL": ("alle fünf Jahre", "every five years"),
    "DECENNIAL": ("alle zehn Jahre", "every ten years"),
    "IRREG": ("unregelmäßig", "irregularly"),
    "AS_NEEDED": ("nach Bedarf", "as needed"),
    "NOT_PLANNED": ("nicht geplant", "not planned"),
    "NEVER": ("nie", "never"),
    "UNKNOWN": ("unbekannt", "unknown"),
}
"""Code -> German, English."""
CATEGORIES: Final[Mapping[str, tuple[str, str]]] = {
    "c_164e0bf5": ("Meteorologie", "meteorology"),
    "c_a9135398": ("Unternehmen und Eigentümerschaft", "companies and their owners"),
    "c_ac64a52d": ("Georaum", "geospatial"),
    "c_b79e35eb": ("Mobilität", "mobility"),
    "c_dd313021": ("Erdbeobachtung und Umwelt", "earth observation and environment"),
    "c_e1da4e07": ("Statistik", "statistics"),
}
"""Code -> German, English."""

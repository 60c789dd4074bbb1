"""The rules of DCAT-AP.de 3.0 as plain checks over graphs, and how complete a description is. Start at `checks`."""

from catalog.profile.checks import check
from catalog.profile.completeness import Freshness, Score, freshness, score
from catalog.profile.findings import Fault, Finding, Severity, clean

__all__ = ["Fault", "Finding", "Freshness", "Score", "Severity", "check", "clean", "freshness", "score"]

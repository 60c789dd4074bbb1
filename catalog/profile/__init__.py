"""The rules of DCAT-AP.de 3.0 as plain checks over graphs. Start reading at `checks`."""

from catalog.profile.checks import check
from catalog.profile.findings import Fault, Finding, Severity, clean

__all__ = ["Fault", "Finding", "Severity", "check", "clean"]

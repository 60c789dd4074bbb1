"""Readings of devices: their form on the wire, receiving them once each, and giving them as rows."""

"""Sinks by kind: where rows that were fetched are put."""

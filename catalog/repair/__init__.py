"""Repairing what portals say of their datasets, and reading what they say in their own forms."""

"""Bringing readings to the node and to consumers, each once."""

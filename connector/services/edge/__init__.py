"""Devices of this node: who they are, what they are told, what is said of them to others."""

"""The life of policies in a node: versions and their approval, coverage, and what operators state about the world.

What does not live here: what a policy means (`policies`), publishing under one (`connector.services.offers`).
"""

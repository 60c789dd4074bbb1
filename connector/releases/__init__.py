"""Releases of a program on a machine: unpacked beside each other, switched in one step, returned from.

What lives here: everything that a package's maintainer scripts and its unit call, before there is any environment of
the program: so nothing here imports more than the standard library. What does not: making packages
(`scripts/lib/packing`), units (`connector.proxy`).
"""

"""HTTP: listeners, the protocol's endpoints (`dsp`), the management API (`management`, `v1`, `views`), the client.

Shells without decisions; `problems` is the one place where an error becomes a status.
"""

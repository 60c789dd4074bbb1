"""A data plane for control planes of others: flows that they begin, enforced by the same gate as our own transfers."""

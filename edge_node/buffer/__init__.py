"""The buffer: what a device has taken in and not yet delivered, kept through power cuts."""

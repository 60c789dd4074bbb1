"""Making a machine a device, and keeping it up to date."""

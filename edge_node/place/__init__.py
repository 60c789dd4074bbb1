"""Who the device is, and which node is its own."""

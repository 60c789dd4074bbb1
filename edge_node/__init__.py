"""The agent on the gateway: takes readings in, does what contracts demand first, keeps them, and delivers."""

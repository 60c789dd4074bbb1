"""The room for the agent on the gateway; nothing of it is built yet."""

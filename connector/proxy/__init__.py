"""What stands in front of a node: configurations for nginx, Caddy and systemd, made from its settings."""

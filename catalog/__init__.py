"""What a participant offers, and who sees it. Pure."""

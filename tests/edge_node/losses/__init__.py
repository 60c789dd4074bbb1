"""Campaigns against the buffer: power cuts, kills, damage."""

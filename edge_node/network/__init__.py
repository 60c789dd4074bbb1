"""The one way out, counted."""

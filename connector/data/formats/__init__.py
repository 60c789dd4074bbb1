"""Rows as they leave: one writer a form."""

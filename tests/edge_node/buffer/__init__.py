"""Tests of the buffer."""

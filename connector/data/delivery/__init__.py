"""Deliveries: whoever provides brings the data, part by part, and whoever asked keeps each part once.

What lives here: both sides of a push. What does not: the decision on each part (`data.gate`), HTTP, sinks.
"""

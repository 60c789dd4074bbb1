"""The consumer's side: from a contract to its bytes, whole and checked, or row by row into a sink.

What lives here: fetching, following, renewing tokens, subscriptions at work. What does not: providing, sinks.
"""

"""Answers with rows: opened, treated in one pass, remembered until read to the end, or followed as they come.

What lives here: from a question to the bytes that may leave. What does not: the decision (`data.gate`), HTTP.
"""

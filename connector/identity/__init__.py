"""Who is calling: the Identity port over keys that are known, documents of DIDs, and what regions say of strangers.

What does not live here: which caller may do what, and whose credentials are believed.
"""

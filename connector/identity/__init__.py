"""Who is calling: the Identity port over pinned keys. What does not live here: which caller may do what."""

"""Everything that can be forged, stolen, replayed or served wrongly around identities and credentials."""

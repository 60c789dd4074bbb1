"""Keys, tokens, identifiers, signatures and the tamper-evident tree: cryptography without a socket."""

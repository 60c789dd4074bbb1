"""Self-descriptions in the words of Gaia-X: of this node, and of others as a third party judges them."""

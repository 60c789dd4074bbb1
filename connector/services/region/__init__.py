"""This node as a region: who its members are, what is issued to them."""

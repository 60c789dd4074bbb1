"""Reading the catalogues of others: whom to ask and when, asking, and what becomes of the answers."""

"""Databases that speak SQL as silos: PostgreSQL, MariaDB and SQLite, read in place and never written.

What lives here: quoting (`quoting`), columns as values in SQL (`values`), conditions (`conditions`), the steps of a
chain (`steps`), whole statements (`statement`), who does what (`splitting`), and one reader a database. What does not:
what a step or a condition means (`policies.transforms`, `connector.data.queries`), writing (`connector.data.sinks`).

INVARIANT: what a database does itself gives what the node would have given over the same rows. A row that the node
could not treat ends the answer in both. One thing is narrower than in files: a filter for texts (`is`, `is any of`)
takes them as they stand, so that an index serves it; a text with blanks around it is another one. Places in metres are
the node's: the middle of a cell is told by the rounding of floating numbers and by a cosine, which no database says
alike to the last digit.
"""

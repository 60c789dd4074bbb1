"""SQLite behind the Store port: one writer with group commit, many readers, the log in the transaction of the act.

The only room that imports sqlite3 for the node's own database. Start reading in `sqlite`.
"""

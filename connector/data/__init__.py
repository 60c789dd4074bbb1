"""The way of data: the gate that judges every access, addresses and credentials for it, streams, sources, fetching.

Start reading in `gate`. What does not live here: HTTP itself (`connector.http.data`).
"""

"""Systems that stay where they are and give rows: found, asked, limited, looked at.

What lives here: the registry of readers and everything around a question to a silo. What does not: the readers
(`connector.data.sources`), what is asked (`connector.data.queries`), the records (`connector.services.silos`).
"""

"""The life of a contract: how it is looked at, ended, held, amended."""

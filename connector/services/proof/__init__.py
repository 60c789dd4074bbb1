"""What can be shown afterwards: the log and its witnesses, evidence, comparing with peers, keys that are gone."""

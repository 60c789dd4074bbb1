"""Trust in others: regions, credentials held and shown, joining, keys that go on."""

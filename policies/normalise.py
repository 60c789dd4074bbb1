"""From a policy as written to atomic rules: what is replaced, inherited, linked from outside, compact.

Source: ODRL Information Model 2.2, 2.7 (compact policy), 2.8-2.9 (inheritance); Vocabulary 2.2, isReplacedBy.
"""

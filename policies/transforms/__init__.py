"""Privacy duties as pure functions over rows: what a provider does to data while it leaves.

What lives here: `chain` (which steps a policy demands, in their fixed order), `plan` (the same for the columns of one
dataset), `Plan.run` (rows in, rows out), `provenance` (what was done, for the reader and the audit). The rooms within:
`steps` and `chain` (from duties to steps), `times`, `places`, `numbers`, `pseudonyms` (one kind of value each), `table`
and `tree` (rows as lists and as JSON), `rows` and `cells` (running), `ledger` (what was told before), `delimited` and
`documents` (bytes to rows and back). What does not: files, keys, the store, noise (`connector.data.egress`).

The order is fixed: filter and delay, suppress and replace, pseudonymise, coarsen time and place, aggregate, threshold,
noise, sign. INVARIANT: what cannot be done as the policy asks raises `PolicyError`, before or instead of the next row.
"""

from policies.transforms.chain import EGRESS, Chain, beyond, chain, deeds, provenance
from policies.transforms.rows import Given, Plan, Schema, plan

__all__ = ["EGRESS", "Chain", "Given", "Plan", "Schema", "beyond", "chain", "deeds", "plan", "provenance"]

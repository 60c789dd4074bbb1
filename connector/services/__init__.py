"""Use cases: load, step, save in one transaction.

Rooms: `approval` (who binds the node), `life` (of a contract), `proof` (what can be shown afterwards), `trust` (whom
this node believes, and what it shows of itself), `region` (this node as a region), `watch` (what people hear of).
Here: `processes` with `negotiations` and `transfers`, `notices` and `outbox` (what is said to peers), `decisions`,
`offers`, `peers`, `operators`. What does not live here: any adapter; what is needed of one is a port.
"""

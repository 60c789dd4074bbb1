"""Data processes beside the control process: they read, change and send; it alone decides and writes.

What lives here: the questions that a data process asks and their answers (`wire`), who answers them (`answering`), the
gate and the memory of what was told as a data process sees them (`remote`), the process (`process`) and the crew of
them (`crew`). What does not: deciding (`data.gate`), the store.

What travels is the question to the gate, not a transaction: the gate judges, counts and audits in its own transaction
in the control process, so that there is one writer and one gate, however many send. A data process holds no key of the
node. They speak over a Unix socket in the node's directory, which nobody but the node's user may open.
"""

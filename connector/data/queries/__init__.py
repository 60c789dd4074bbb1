"""What is asked of data that have rows, and who does which part of it.

What lives here: a query as a value (`model`), its reading from a URL, its meaning for rows, what a contract narrows it
to. What does not: any silo (`connector.data.sources`), bytes (`connector.data.formats`), the gate. All of it is pure.

INVARIANT: a query is about the data as they leave, never about what stands in the silo: it chooses among what the
contract lets out, after all transforms. What is pushed down to a silo gives the same rows, or more of them, which are
then taken out here. So no sequence of queries tells more than the whole that the contract lets out.
"""

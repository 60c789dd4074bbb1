"""Real servers for tests: what cities run, started on loopback in a temporary folder.

What lives here: one module a server (how it is started, what a test may ask it, its own record of what it was asked),
`keeping` (one server a run of the tests, shared between workers, gone with the last of them even where that is killed)
and `fixtures`, which `tests/conftest.py` makes known everywhere. A server whose programs are missing makes its tests
skip with the name of the package. What does not: what tests do with them.
"""

"""What is wrong with a node, each fault in one sentence with its mend.

What lives here: the examinations, from what everything else stands on to what merely will be wrong soon: settings and
program (`program`), files, disk and certificates (`machine`), database and clock (`memory`), the way to the node and
back (`surroundings`), and the order of them all (`examination`). What does not: going to an address (`http.road`), the
wording (`sentences.doctor`).

An examination changes nothing. A node that is stopped is examined from its directory alone.
"""

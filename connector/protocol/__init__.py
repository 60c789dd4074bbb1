"""The Dataspace Protocol 2025-1 without IO: messages, their text, and the two state machines.

Read in this order: `negotiation` (the table and what each message does), `machine` (the rules that both tables share),
`transfer`, `messages` (fields as on the wire), `codec` (bytes <-> messages). Behind `codec` stand `plain` (what is
asked of the JSON text), `lenient` (the spellings that peers use), `shapes` (guards, policy shapes, text-only rules).
`paths` holds the HTTP paths for server and client alike.

Everything here is a pure function over frozen values: no asyncio, no clock, no randomness, no socket, no logging.
Nothing here decides whether to agree or to hand out data; that is the services' part, with `policies`.
"""

"""Terms of use as values: read, judge, compare, explain. Pure. Start reading in `model`, then `operands`."""

"""RDF, where it belongs: in processes beside the node; and what people write in it. Start at `worker`."""

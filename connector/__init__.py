"""The node: speaks the Dataspace Protocol, keeps agreements, serves data. Start reading in `connector.node`."""

"""What the node has ordered, and what may go by it, with what done to it."""

"""Who binds the node: questions to people, their votes, frame contracts."""

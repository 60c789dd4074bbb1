"""What a node is, in one encrypted file or one open directory, and a node again from it. See this folder's README."""

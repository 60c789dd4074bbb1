"""What is done to readings before they are stored."""

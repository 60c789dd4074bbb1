"""What people should hear of, what a scrape shows, and a peer that calls back."""

"""The way in: what comes is checked, freed of copies, numbered, sealed and kept."""

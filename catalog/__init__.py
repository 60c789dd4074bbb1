"""What a participant offers, who sees it, and how it describes itself. RDF is in `contexts` alone, behind `worker`."""

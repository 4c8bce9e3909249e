"""Results and trained networks for Python: what ``import replisome`` offers, and what the commands are made of."""

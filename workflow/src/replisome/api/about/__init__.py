"""What there is to say of results, as plain values: runs, claims, folders, and what differs between two runs."""

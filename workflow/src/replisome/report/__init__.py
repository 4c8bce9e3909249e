"""What stands on the pages: the first screen, claims, stories of studies, tables, runs; templates make HTML of it."""

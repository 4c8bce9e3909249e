"""Claims: from what the papers say and what our runs left to a verdict, by rules that were fixed before the runs."""

"""What was found: the results of a study, its variants, statistics, and what tables and figures share."""

"""Speed against a plain reference, in the same run, as ratios. ``make bench``; no test times anything."""

"""replisome: re-run small deep-learning studies in biology from raw data to report, and test their claims."""

__version__ = "0.4.0"

"""What the report leaves open or says unclearly, and what we did: the table of choices on the page."""

from __future__ import annotations

from replisome.analysis.choices import Choice

CHOICES = (Choice("hidden units", "8 and 32", "the report does not say"),)

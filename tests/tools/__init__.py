"""Programs for people who change the code; pytest collects nothing here."""

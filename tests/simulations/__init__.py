"""Simulations that a claim of the code rests on: programs that print a table, whose bounds a test holds."""

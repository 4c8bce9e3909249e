"""How far a call of the workflow is, read from the results folder alone."""

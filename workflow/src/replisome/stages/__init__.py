"""One module a stage of the workflow; each has a function run(...) that the command line calls."""

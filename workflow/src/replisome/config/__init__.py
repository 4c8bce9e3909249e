"""What is to be done: configuration files, checked, and the plan of studies, recipes, experiments and runs."""

"""What is typed: ``stage`` for the workflow's rules, ``door`` and the other modules, one a command, for people."""

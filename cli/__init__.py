"""The command line: thin commands that call flows and the library."""

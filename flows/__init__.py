"""Flows: the order of the work. One file per flow; each reads like a method section."""

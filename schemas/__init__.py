"""Rows: pydantic models of tables, LLM answers and run configuration."""

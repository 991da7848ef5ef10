"""Tasks: the glue. One module per stage: read inputs, call the library, write outputs, return a small record."""

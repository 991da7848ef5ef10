"""Splits, the 3 mm grid, shards, readers, dataset card, checksums."""

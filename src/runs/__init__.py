"""One run: config to parts, parts to a record on disk."""

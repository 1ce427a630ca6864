"""One file a dialect. A new provider of a known dialect is a table in the catalogue, not a file here."""

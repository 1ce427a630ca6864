"""What figures say, and how certain it is. NumPy and SciPy, no database; only the worker and staff's pages
come here, so that the web process does not load them at its start."""

"""What an import would do, as values: nothing here writes."""

"""What the engines' dialects of SQL express differently."""

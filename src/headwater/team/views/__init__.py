"""The pages about ourselves: signing in, the first run, settings."""

"""Rules of measuring: decisions on values, without a database."""

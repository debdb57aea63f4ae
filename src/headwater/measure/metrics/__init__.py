"""The catalogue of numbers: one definition each, in SQL over the mirror."""

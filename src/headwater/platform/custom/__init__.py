"""Fields a company adds to its nouns without code: kept in one JSON column, read as columns like the declared ones."""

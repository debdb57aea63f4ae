"""Pages of the parties room that the generic ones do not cover."""

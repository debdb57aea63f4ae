"""Find anything: what a noun declares to be searched is found by its pieces, in any notation and script."""

from headwater.platform.search.declared import Searched

__all__ = ["Searched"]

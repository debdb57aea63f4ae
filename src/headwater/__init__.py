"""Headwater: know where every sale comes from, and lead every customer to the next one."""

__version__ = "0.1.0"

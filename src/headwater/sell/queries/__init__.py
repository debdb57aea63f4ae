"""Reads of the sell room. Each starts from what the actor may see."""

"""The demo company's history as rows of the rooms: one module for the tables of each room."""

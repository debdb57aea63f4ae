"""What people make of the lists: views they save and share, and how they like to see them."""

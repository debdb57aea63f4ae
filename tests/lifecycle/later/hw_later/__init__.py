"""What a later version of Headwater could bring: one more application with two migrations."""

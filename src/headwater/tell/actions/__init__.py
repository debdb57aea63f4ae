"""What can be done about telling people, one module per matter."""

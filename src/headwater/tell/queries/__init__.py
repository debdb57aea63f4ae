"""What can be read about mails, one module per matter."""

"""Webhooks: other programs are told what happens here, signed after the Standard Webhooks specification."""

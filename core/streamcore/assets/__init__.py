"""What can be priced, and what it is called where: tokens, exchange listings, instruments."""

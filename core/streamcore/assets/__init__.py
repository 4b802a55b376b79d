"""What can be priced, and its name on the chain and on exchanges: tokens, listings, instruments."""

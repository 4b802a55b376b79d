"""What the screen shows, without Textual: what is watched, prices, transactions, health, alerts."""

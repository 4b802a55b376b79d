"""From values to text of the right width."""

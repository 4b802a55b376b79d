"""The widgets, one a file. They are given values to show and know no engine."""

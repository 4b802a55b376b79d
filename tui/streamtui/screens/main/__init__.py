"""The main screen: its two panes, what each of them does when a key asks for it, and what surrounds them."""

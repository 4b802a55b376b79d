"""Stands in the way of the package of that name, which the extra ``fast`` brings; see ``startup_cost.py``."""

raise ImportError("left out, as in an installation without extras")

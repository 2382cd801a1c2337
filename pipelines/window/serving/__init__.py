"""Serves a window to the browsers of this machine, while it follows its archives."""

"""The kinds of stores: what each speaks to."""

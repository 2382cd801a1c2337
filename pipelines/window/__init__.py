"""The window: an archive as static pages that open from disk, without network and without JavaScript.

Pages are pure functions of the archives at their heads; the window reads archives and never writes into one.
"""

"""Full-text search of a window without a server: every place of every character, in script files that pages load.

Scripts are what a page that was opened from disk may load; it may fetch no other file. Chinese has no blanks between
words, so what a word is, is decided by nobody: a text is found when it has the characters asked for, in their order.
"""

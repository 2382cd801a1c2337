"""Charts of the window: SVG that a style sheet colours, without script or style, the same bytes for the same figures.

The library leather sets out a chart: its axes, labels and lines across. Ticks of time and of counts are our own: the
library's months are a month late, and its counts stand at halves.
"""

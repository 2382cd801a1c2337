"""The commands of `python -m pipelines` that read history. Each module adds its own to the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Run = Callable[[argparse.Namespace], int]
AddVerb = Callable[[str, Run, str], argparse.ArgumentParser]

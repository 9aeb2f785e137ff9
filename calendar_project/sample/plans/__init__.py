"""The campaigns of the sample, team by team."""

from calendar_project.sample.sketches import Sketch

from .lifecycle import LIFECYCLE
from .product import PRODUCT
from .success import SUCCESS

SKETCHES: tuple[Sketch, ...] = (*LIFECYCLE, *SUCCESS, *PRODUCT)

__all__ = ["SKETCHES"]

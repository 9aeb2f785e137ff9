"""The sample workspace: a record shop on the web, with real purchases and made-up people, to look around in."""

from .loading import Loaded, WorkspaceInUse, load_sample

__all__ = ["Loaded", "WorkspaceInUse", "load_sample"]

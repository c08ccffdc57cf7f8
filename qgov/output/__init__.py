"""Artifacts on disk: a folder that is wholly the old one or wholly the new one."""

from qgov.output.manifest import MANIFEST, manifest_of, stale_paths
from qgov.output.publish import publish

__all__ = ["MANIFEST", "manifest_of", "publish", "stale_paths"]

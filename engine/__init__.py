"""Runs validated operations fast. Switched off, everything still works, slower.

What is decided, loaded and recorded is the same: only how rows become an answer is ours. See docs/decisions/the-engine-completes.md.
"""

from engine.schema import FastSchema, build

__all__ = ["FastSchema", "build"]

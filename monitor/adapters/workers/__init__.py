"""Work in processes of its own: a document that takes for ever, fills the memory or crashes harms only itself."""

from monitor.adapters.workers.pool import Tool, Workers

__all__ = ["Tool", "Workers"]

"""The way out into the network, with the guard that keeps it from leading inside. Knows nothing of feeds or chats."""

from monitor.adapters.net.bounded import BoundedTransport
from monitor.adapters.net.guard import AddrInfo, Lookup
from monitor.adapters.net.transport import GuardedTransport

__all__ = ["AddrInfo", "BoundedTransport", "GuardedTransport", "Lookup"]

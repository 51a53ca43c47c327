"""News monitor: polls feeds, matches them against rules written in YAML, tells the right people.

The folders are the architecture: `core` decides (pure), `adapters` touch the world (one outside thing
each), `app` puts the two in order, `wiring` chooses the adapters, `cli` speaks to a person.
"""

__version__ = "0.1.0"

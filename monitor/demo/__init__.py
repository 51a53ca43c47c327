"""`monitor demo`: the whole road on bundled sample feeds, over real HTTP on loopback, with nothing configured."""

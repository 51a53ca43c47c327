"""The formats of feeds: RSS, RDF and Atom, sound or broken, and JSON Feed → entries. Pure."""

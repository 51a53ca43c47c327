"""Bytes → characters → plain text: encodings, text garbled before it came, HTML taken out. Pure."""

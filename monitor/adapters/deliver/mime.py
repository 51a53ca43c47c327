"""How much a text weighs in an email, and which transfer encoding makes it lightest. Pure."""

import binascii
from typing import Literal

TransferEncoding = Literal["quoted-printable", "base64"]


def transfer(text: str) -> tuple[TransferEncoding, int]:
    """The lighter encoding and its size in bytes, line ends included."""
    data = text.encode()
    quoted = binascii.b2a_qp(data.replace(b"\r\n", b"\n"))
    printable = len(quoted) + quoted.count(b"\n")  # sent as CRLF
    lines = -(-len(data) // 57)  # base64: 57 bytes make a line of 76 and CRLF
    base64 = -(-len(data) // 3) * 4 + 2 * lines
    return ("quoted-printable", printable) if printable <= base64 else ("base64", base64)

"""How much a text weighs in an email, and which transfer encoding makes it lightest. Pure."""

import binascii
from typing import Literal

TransferEncoding = Literal["quoted-printable", "base64"]


def transfer(text: str) -> tuple[TransferEncoding, int]:
    """The lighter encoding and its size in bytes, line ends included."""
    data = text.encode()
    quoted = binascii.b2a_qp(data)
    printable = len(quoted) + quoted.count(b"\n")  # sent as CRLF
    size = len(data) + data.count(b"\n")
    base64 = -(-size // 3) * 4 + 2 * -(-size // 57)  # 57 bytes make a line of 76 and CRLF
    return ("quoted-printable", printable) if printable <= base64 else ("base64", base64)

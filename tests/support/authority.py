"""A certificate authority for tests, and certificates that are wrong in one way each; made by openssl."""

import ssl
import subprocess
from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """`certificate` is what a client trusts. Files in PEM, valid for two days, for 127.0.0.0/8 and localhost."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self.certificate, self._key = self._self_signed(name, "basicConstraints=critical,CA:TRUE")

    def context(self, kind: str) -> ssl.SSLContext | None:
        """For a server of this kind: "" and "none" speak no TLS, "fine" is as it should be, the others are not."""
        if kind in {"", "none"}:
            return None
        if kind == "self-signed":
            return _context(*self._self_signed("self-signed", f"subjectAltName={_names()}"))
        if kind == "unknown authority":
            return Authority(self._folder, "stranger").context("fine")
        signed = self._signed(
            kind,
            names="DNS:elsewhere.example" if kind == "wrong host" else _names(),
            days=-1 if kind == "expired" else 2,
        )
        context = _context(*signed)
        if kind == "false h2":
            context.set_alpn_protocols(["h2"])  # the server speaks HTTP/1.1 all the same
        return context

    def _self_signed(self, name: str, extension: str) -> tuple[Path, Path]:
        made, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        _openssl("req", "-x509", *_KEY, "-subj", f"/CN={name}", "-addext", extension, "-keyout", key, "-out", made)
        return made, key

    def _signed(self, kind: str, *, names: str, days: int) -> tuple[Path, Path]:
        base = self._folder / f"{kind.replace(' ', '-')}-by-{self.certificate.stem}"
        request, extensions, made, key = (base.with_suffix(suffix) for suffix in (".csr", ".ext", ".pem", ".key"))
        extensions.write_text(f"subjectAltName={names}\n")
        _openssl("req", "-new", *_KEY, "-subj", "/CN=server", "-keyout", key, "-out", request)
        signing = ["-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", days]
        _openssl("x509", "-req", "-in", request, *signing, "-extfile", extensions, "-out", made)
        return made, key


def _names() -> str:
    return ",".join(["DNS:localhost", "IP:127.0.0.1", *(f"IP:127.1.0.{number}" for number in range(1, 255))])


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

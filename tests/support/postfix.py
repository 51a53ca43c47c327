"""A real mail server, Postfix, on loopback with a configuration, queue and mailboxes of its own; nothing leaves it.

    with Postfix() as postfix:
        postfix.verdicts["reader@newsroom.example"] = ["450 4.7.1 Greylisted"]   # answers to RCPT, one an attempt
        … postfix.port … postfix.mail("reader@newsroom.example")

Readers have mailboxes at newsroom.example; `late@newsroom.example` is accepted and then bounces, to the sender's
mailbox. Needs root, since Postfix's parts give up its rights; the installed configuration is not touched.
"""

import contextlib
import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Self

from support.smtp import Certificate, certificate

DOMAIN = "newsroom.example"
SENDER = "desk@monitor.example"
MAILBOXES = (f"reader@{DOMAIN}", f"two@{DOMAIN}", f"three@{DOMAIN}", f"late@{DOMAIN}", f"редакция@{DOMAIN}", SENDER)
NOBODY = 65534

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log/mail.log
maillog_file_prefixes = {home}
myhostname = mx.newsroom.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
mydestination =
alias_maps =
alias_database =
default_transport = error:5.1.1 the user has moved
relay_transport = error:5.1.1 the user has moved
smtputf8_enable = yes
virtual_mailbox_domains = newsroom.example, monitor.example
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = texthash:{home}/mailboxes
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
virtual_alias_maps = texthash:{home}/aliases
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}, reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate.certificate}
smtpd_tls_key_file = {certificate.key}
smtpd_client_connection_count_limit = 4
smtpd_error_sleep_time = 0
"""
# As installed, without the parts that could bring mail elsewhere: smtp, relay, lmtp, pipe.
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
"""


def unavailable() -> str:
    """Why there is no Postfix to test with; empty if there is."""
    if os.name != "posix" or os.getuid() != 0:
        return "Postfix can only be started by root"
    if not (shutil.which("postfix") and shutil.which("openssl")):
        return "postfix or openssl is not installed"
    return ""


class Postfix:
    """The server; a context manager."""

    def __init__(self) -> None:
        self.verdicts: dict[str, list[str]] = defaultdict(list)  # recipient → answers to RCPT, one an attempt
        self.home = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.port = 0
        self._policy = _Policy(self.verdicts)

    def __enter__(self) -> Self:
        threading.Thread(target=self._policy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            self._configure()
            self._command("start")
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(subprocess.SubprocessError):
            self._command("stop")
        self._policy.shutdown()
        self._policy.server_close()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def certificate(self) -> Certificate:
        """What it shows who wants an encrypted line."""
        return Certificate(self.home / "certificate.pem", self.home / "key.pem")

    def mail(self, address: str, count: int = 1, patience: float = 30.0) -> list[bytes]:
        """What lies in a mailbox, oldest first, as soon as there are so many; empties it."""
        folder = self.home / "mail" / _folder(address) / "new"
        end = time.monotonic() + patience
        while len(found := sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime_ns)) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} messages for {address}\n{self.log()}"
            time.sleep(0.02)
        messages = [path.read_bytes() for path in found]
        for path in found:
            path.unlink()
        return messages

    def log(self) -> str:
        """The last lines it wrote."""
        path = self.home / "log" / "mail.log"
        return "\n".join(path.read_text().splitlines()[-25:]) if path.exists() else "no log"

    def _configure(self) -> None:
        home = self.home
        home.chmod(0o755)  # its parts run as users of their own
        for folder in ("etc", "queue", "data", "log", "mail"):
            (home / folder).mkdir()
        shutil.chown(home / "data", "postfix")
        os.chown(home / "mail", NOBODY, NOBODY)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        shown = certificate(home)
        (home / "mailboxes").write_text("".join(f"{address} {_folder(address)}/\n" for address in MAILBOXES))
        (home / "aliases").write_text(f"late@{DOMAIN} late@moved.example\n")
        values = {"home": home, "nobody": NOBODY, "policy": self._policy.server_address[1], "certificate": shown}
        (home / "etc" / "main.cf").write_text(MAIN.format(**values))
        (home / "etc" / "master.cf").write_text(MASTER.format(port=self.port))

    def _command(self, verb: str) -> None:
        done = subprocess.run(
            ["postfix", "-c", str(self.home / "etc"), verb],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        if verb == "start" and done.returncode:
            raise RuntimeError(f"postfix {verb}: {done.stderr}{done.stdout}\n{self.log()}")

    def _wait(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
                    if line.recv(3) == b"220":
                        return
            except OSError:
                pass
            if time.monotonic() > end:
                raise RuntimeError(f"postfix does not answer\n{self.log()}")
            time.sleep(0.05)


def _folder(address: str) -> str:
    return address.partition("@")[0] if address.isascii() else address.encode().hex()[:16]


class _Policy(socketserver.ThreadingTCPServer):
    """Says what Postfix answers to a recipient: its policy protocol, SMTPD_POLICY_README."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, verdicts: dict[str, list[str]]) -> None:
        self.verdicts = verdicts
        super().__init__(("127.0.0.1", 0), _PolicyAnswer)


class _PolicyAnswer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Policy)
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, given, value = line.decode().rstrip("\n").partition("=")
            if given:
                asked[name] = value
                continue
            verdicts = self.server.verdicts[asked.get("recipient", "")]
            self.wfile.write(f"action={verdicts.pop(0) if verdicts else 'DUNNO'}\n\n".encode())
            asked = {}

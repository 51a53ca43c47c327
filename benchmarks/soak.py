"""Does the daemon hold out? Runs `monitor run` against many loopback feeds and watches its memory.

    python benchmarks/soak.py --feeds 200 --minutes 10 [--json]

Every feed gets a new item now and then, one in ten fails, one in ten answers slowly. Reported: polls and items
stored, resident memory at the first and last quarter (median, MiB), growth between them, exit code and the
time from SIGTERM to exit. Exits 1 when memory grew by more than --growth per cent or the end was not clean.
"""

import argparse
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RULES = """
terms:
  harbour: {label: harbour, en: [harbour], ru: [гавань], zh: [港口]}
rules:
  - {id: harbour, title: Harbour, severity: high, match: $harbour, examples: {hit: [The harbour opened]}}
digests:
  - {id: flash, rules: ["*"], at: once, wait: 5s, to: ["file:out"]}
"""


class Newsroom(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    started = time.monotonic()

    def do_GET(self) -> None:
        number = int(self.path.strip("/"))
        if number % 10 == 3:
            self.send_error(503)
            return
        if number % 10 == 7:
            time.sleep(1)
        edition = int((time.monotonic() - self.started) // 20) + 1
        etag = f'"{number}-{edition}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        now = datetime.now(UTC)
        items = "".join(
            f"<item><title>{'Harbour' if n % 5 == 0 else 'Market'} report {n} of town {number}</title>"
            f"<link>http://town{number}.example/{n}</link><guid>{number}-{n}</guid>"
            f"<pubDate>{format_datetime(now - timedelta(seconds=20 * (edition - n)))}</pubDate>"
            f"<description>{'Sample text about ships and weather. ' * 8}</description></item>"
            for n in range(max(1, edition - 20), edition + 1)
        )
        body = f'<rss version="2.0"><channel><title>Town {number}</title>{items}</channel></rss>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        pass


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--feeds", type=int, default=200)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--growth", type=float, default=10.0, help="allowed growth of memory in per cent")
    options.add_argument("--json", action="store_true")
    args = options.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Newsroom)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        base = f"http://127.0.0.1:{server.server_address[1]}"
        feeds = "".join(f"  - {{id: town-{n}, url: {base}/{n}, every: 10s}}\n" for n in range(args.feeds))
        (home / "feeds.yaml").write_text("feeds:\n" + feeds, encoding="utf-8")
        (home / "rules.yaml").write_text(RULES, encoding="utf-8")
        env = {k: v for k, v in os.environ.items() if not k.startswith("MONITOR_")}
        env |= {"MONITOR_ALLOW_NETWORKS": "loopback", "MONITOR_HOST_SPACING": "0s"}
        with (home / "log").open("w") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "monitor", "run"], cwd=home, env=env, stderr=log, stdout=log
            )
        end = time.monotonic() + args.minutes * 60
        samples: list[float] = []
        while time.monotonic() < end and daemon.poll() is None:
            time.sleep(2)
            samples.append(resident_mib(daemon.pid))
        stop = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        try:
            code = daemon.wait(timeout=30)
        except subprocess.TimeoutExpired:
            daemon.kill()
            code = daemon.wait()
        stopping = time.monotonic() - stop
        db = sqlite3.connect(home / "data" / "monitor.db")
        counts = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("polls", "items", "hits")}
        db.close()
        digests = len(list((home / "out").glob("*.html"))) if (home / "out").exists() else 0
        if code != 0:
            print((home / "log").read_text(encoding="utf-8")[-3000:], file=sys.stderr)
    server.shutdown()
    quarter = max(1, len(samples) // 4)
    first, last = statistics.median(samples[quarter : 2 * quarter]), statistics.median(samples[-quarter:])
    growth = 100 * (last / first - 1)
    result = {
        "feeds": args.feeds,
        "minutes": args.minutes,
        **counts,
        "digests": digests,
        "second_quarter_mib": round(first, 1),
        "last_quarter_mib": round(last, 1),
        "growth_percent": round(growth, 2),
        "exit_code": code,
        "seconds_to_stop": round(stopping, 2),
    }
    print(json.dumps(result) if args.json else "\n".join(f"{key:20} {value}" for key, value in result.items()))
    return int(code != 0 or growth > args.growth)


if __name__ == "__main__":
    raise SystemExit(main())

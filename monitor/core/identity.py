"""What makes two readings of an item the same item. Says nothing about whether its text changed: see novelty.py."""

import hashlib
import re
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlsplit

from monitor.core.unwrap import unwrapped

# Parameters that say where a reader came from, never which page is meant.
_TRACKING = re.compile(
    r"(?:amp;)*(?:utm_\w+|at_(?:medium|campaign|custom\w*)|mc_[ce]id|pk_\w+|mtm_\w+|hsa_\w+|_hs(?:enc|mi)|mkt_tok|wt_mc"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|gad_source|_g[al]|msclkid|twclid|ttclid|igsh(?:id)?|__twitter_impression"
    r"|yclid|ysclid|yadclid|ymclid|_openstat|openstat|roistat|rb_clickid|frommail|ocid|cmpid|ns_\w+|xtor|smid|ftag|spm"
    r"|hm(?:sr|pl|cu|kw|ci)|bd_vid|nsukey|isappinstalled|share_(?:token|from)|(?:from|ref|source|src|partner|feature)=rss"
    r"|from=(?:singlemessage|groupmessage|timeline)|wfr=spider)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_SPELLED = re.compile(r"https?://(?:www\.)?(?!www\.)([a-z0-9-]+(?:\.[a-z0-9-]+)+)((?:/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*)")
_FRONT_PAGE = re.compile(r"https://[^/?#]*")  # as normalised
_LONGEST_GUID = 300
_MOST_ROUNDS = 5
_DEFAULT_PORTS = {80, 443}


def item_key(*, guid: str, link: str, title: str, published: datetime | None) -> str:
    """The identity of an item within its feed: the guid, else the normalised link, else title and date.

    A link to a front page is none: whatever is newest stands there. Never empty. Stable over polls as long as the feed
    keeps what the key is made of; a guid that is a web address is treated like a link, because feeds move from http to
    https and add tracking parameters to it.
    """
    guid = " ".join(guid.split())
    if guid:
        return f"guid:{_short(normalise_link(guid))}"
    if link.strip():
        page = normalise_link(link)
        if not (title.strip() and _FRONT_PAGE.fullmatch(page)):
            return f"link:{_short(page)}"
    day = published.astimezone(UTC).isoformat() if published else ""
    words = " ".join(title.split()).casefold()
    return f"text:{_digest(f'{words}|{day}')}"


def normalise_link(url: str) -> str:
    """One spelling for one page: for comparing, not for opening.

    Where a link only counts readers on the way to another that stands in it, that other is meant (see `unwrap`).
    Scheme (always https), case and `www.` of the host, default port, user, tracking parameters, order of parameters,
    trailing slash, fragment (unless it is a client-side route) and spelling of escapes do not count. What is not a
    web address is given back stripped of white space. Idempotent.
    """
    spelled = _spelled(url.strip())
    for _ in range(_MOST_ROUNDS):
        inner = unwrapped(spelled)
        if inner == spelled:
            break
        spelled = _spelled(inner)
    return spelled


def _spelled(url: str) -> str:
    if match := _SPELLED.fullmatch(url):  # nearly all links; what follows would give the same
        return f"https://{match[1]}{match[2].rstrip('/')}"
    try:
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError:
        return url
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return url
    path = _escaped(parts.path).rstrip("/")
    query = "&".join(sorted(p for p in _escaped(parts.query).split("&") if p and not _tracks(p)))
    fragment = _escaped(parts.fragment) if parts.fragment.startswith(("!", "/")) else ""
    return f"https://{host}{path}" + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def body_hash(body: bytes) -> str:
    """The hash by which two answers of a server are known to be alike, hex."""
    return hashlib.sha256(body).hexdigest()


def _tracks(parameter: str) -> bool:
    name = parameter.partition("=")[0]
    return bool(_TRACKING.fullmatch(name) or _TRACKING.fullmatch(parameter))


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host.isprintable() or " " in host:
        raise ValueError(host)
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = quote(host)
    if ":" in host:
        host = f"[{host}]"
    while host.startswith("www.") and host.count(".") > 1:
        host = host.removeprefix("www.")
    return host if parts.port is None or parts.port in _DEFAULT_PORTS else f"{host}:{parts.port}"


def _escaped(text: str) -> str:
    """Percent-escapes in capitals, everything beyond printable ASCII escaped, nothing unescaped."""
    text = quote(text, safe="%/:;@!$&'()*+,=?~#[]|-._")
    return _ESCAPE.sub(lambda match: match[0].upper(), text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_GUID else _digest(text)

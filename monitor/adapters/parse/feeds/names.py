"""Names of elements, whatever prefix they come under → feedparser's own: `title`, `dc_creator`, `content_encoded`."""

# The namespaces whose elements are read as if they had none, and the modules whose elements mean something here.
_PLAIN = (
    "http://backend.userland.com/rss http://blogs.law.harvard.edu/tech/rss http://purl.org/rss/1.0/ "
    "http://my.netscape.com/rdf/simple/0.9/ http://example.com/newformat# http://example.com/necho "
    "http://purl.org/echo/ uri/of/echo/namespace# http://purl.org/pie/ http://purl.org/atom/ns# "
    "http://www.w3.org/2005/atom http://purl.org/rss/1.0/modules/rss091#"
)
_MODULES = {
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
# Known to feedparser, without meaning here: an element of theirs without prefix is not one of a feed's own.
_FOREIGN = (
    "http://webns.net/mvcb/ http://purl.org/rss/1.0/modules/aggregation/ "
    "http://purl.org/rss/1.0/modules/annotate/ http://media.tangent.org/rss/1.0/ "
    "http://backend.userland.com/blogchannelmodule http://web.resource.org/cc/ "
    "http://creativecommons.org/ns#license http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html "
    "http://backend.userland.com/creativecommonsrssmodule http://purl.org/rss/1.0/modules/company "
    "http://my.theinfo.org/changed/1.0/rss/ http://purl.org/rss/1.0/modules/email/ http://freshmeat.net/rss/fm/ "
    "http://purl.org/rss/1.0/modules/event/ http://xmlns.com/foaf/0.1/ http://www.w3.org/2003/01/geo/wgs84_pos# "
    "http://www.georss.org/georss http://www.opengis.net/gml http://postneo.com/icbm/ "
    "http://podlove.org/simple-chapters http://purl.org/rss/1.0/modules/image/ "
    "http://purl.org/rss/1.0/modules/link/ http://www.w3.org/1999/xlink "
    "http://madskills.com/public/xml/rss/module/pingback/ http://prismstandard.org/namespaces/1.2/basic/ "
    "http://www.w3.org/2000/01/rdf-schema# http://purl.org/rss/1.0/modules/reference/ "
    "http://purl.org/rss/1.0/modules/richequiv/ http://purl.org/rss/1.0/modules/search/ "
    "http://purl.org/rss/1.0/modules/slash/ http://schemas.xmlsoap.org/soap/envelope/ "
    "http://purl.org/rss/1.0/modules/servicestatus/ http://hacks.benhammersley.com/rss/streaming/ "
    "http://purl.org/rss/1.0/modules/subscription/ http://schemas.pocketsoap.com/rss/mydescmodule/ "
    "http://purl.org/rss/1.0/modules/taxonomy/ http://purl.org/rss/1.0/modules/threading/ "
    "http://purl.org/rss/1.0/modules/textinput/ http://madskills.com/public/xml/rss/module/trackback/ "
    "http://wellformedweb.org/commentapi/ http://purl.org/rss/1.0/modules/wiki/ "
    "http://www.w3.org/xml/1998/namespace"
)
_PREFIXES = {"": "", **dict.fromkeys(_PLAIN.split(), ""), **_MODULES, **dict.fromkeys(_FOREIGN.split(), "foreign")}


def canonical(name: str) -> str:
    """feedparser's name for “uri local prefix”, as expat writes names with `namespace_prefixes`."""
    uri, local, given = (["", name, ""] if " " not in name else [*name.split(" "), ""])[:3]
    uri = uri.lower()
    prefix = "" if "backend.userland.com/rss" in uri else _PREFIXES.get(uri)
    if prefix is None:  # an unknown namespace goes by its prefix
        prefix = given.lower()
    return f"{prefix}_{local.lower()}" if prefix else local.lower()

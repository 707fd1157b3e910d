"""Which links may be followed: the text of a URL, before any name is resolved."""

import itertools
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from jobs.errors import UnusableClipError
from media.links import (
    REFUSED_TEXT,
    LinkRefusedError,
    check_link,
    page_advice,
    read_trusted_hosts,
)
from tests.media.wires import WrittenResolver, WrittenSockets, open_fetcher

TARGETS = [
    IPv4Address(text)
    for text in (
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.0.192",
        "168.63.129.16",
        "100.100.100.200",
    )
]
# The ten digits in ASCII, full width, Arabic, Devanagari and bold, and the dots that are folded into a full stop.
DIGITS = tuple("".join(chr(zero + n) for n in range(10)) for zero in (0x30, 0xFF10, 0x660, 0x966, 0x1D7CE))
CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"
DOTS = (".", "\u3002", "\uff0e", "\uff61", "%2e", "\u2024")
OCTETS = ("{:d}", "0x{:x}", "0X{:X}", "0{:o}", "000{:o}")
AUTHORITIES = (
    "{0}:80",
    "{0}:443",
    "{0}.",
    "{0}..",
    "example.com@{0}",
    "user:pass@{0}",
    "@{0}",
    "example.com:443@{0}",
    "example.com\\@{0}",
    "example.com%00@{0}",
    "example.com%23@{0}",
    "{0}%20",
    " {0}",
    "{0}\t",
    "{0}\n",
    "{0}\x00.example.com",
    "[{0}]",
    "{0}:٨٠",
    "example.com&@{0}#@example.org",
    "{0}:+80",
    "{0}:-1",
    "localhost",
    "LOCALHOST:443",
    "localhost.localdomain",
    "metadata.google.internal",
    "printer.local",
    "x.onion",
    "x.home.arpa",
    "1.0.0.127.in-addr.arpa",
)


def _integers(address: IPv4Address) -> list[str]:
    number = int(address)
    forms = [str(number), hex(number), f"0{number:o}", str(number + 2**32), hex(number + 2**32), f"0x{number:032x}"]
    a, b, c, d = address.packed
    forms += [f"{a}.{(b << 16) + (c << 8) + d}", f"{a}.{b}.{(c << 8) + d}", f"{a + 256}.{b + 256}.{c + 256}.{d + 256}"]
    return [*forms, f"{a}.{hex(int.from_bytes(address.packed[1:]))}", f"0{a:o}.{b}.{(c << 8) + d}"]


def _embedded(address: IPv4Address) -> list[str]:
    high, low = f"{int(address) >> 16:x}", f"{int(address) & 0xFFFF:x}"
    prefixes = ("::ffff:", "::", "::ffff:0:", "64:ff9b::", "64:ff9b:1::", "2001:db8::")
    forms = [f"[{prefix}{address}]" for prefix in prefixes]
    forms += [f"[{prefix}{high}:{low}]" for prefix in prefixes]
    return [
        *forms,
        f"[2002:{high}:{low}::1]",
        "[::1]",
        "[::]",
        "[fe80::1%25eth0]",
        "[fd00:ec2::254]",
        "[0:0:0:0:0:0:0:1]",
    ]


def _spelled(address: IPv4Address) -> list[str]:
    spelled = [str(address).translate(str.maketrans(DIGITS[0], digits)) for digits in (*DIGITS, CIRCLED)]
    return [text.replace(".", dot) for text, dot in itertools.product(spelled, DOTS)]


def encodings(address: IPv4Address) -> list[str]:
    """Return every way we know to write an address into a URL's authority."""
    mixes = [
        ".".join(form.format(octet) for form, octet in zip(forms, address.packed, strict=True))
        for forms in itertools.product(OCTETS, repeat=4)
    ]
    authorities = [*mixes, *_integers(address), *_embedded(address), *_spelled(address)]
    return authorities + [form.format(address) for form in AUTHORITIES]


async def test_no_encoding_of_an_inner_address_opens_a_socket(tmp_path: Path) -> None:
    urls = [
        f"{scheme}://{authority}/clip.mp4"
        for address in TARGETS
        for scheme in ("http", "https")
        for authority in encodings(address)
    ]
    assert len(urls) >= 13_000
    # The worst resolver there could be: it takes every host for the address its writer meant.
    resolver, sockets = WrittenResolver(["127.0.0.1"]), WrittenSockets()
    async with open_fetcher(resolver, sockets) as fetcher:
        for url in urls:
            with pytest.raises(UnusableClipError) as refused:
                await fetcher.fetch(url, tmp_path / "clip", limit_bytes=1000)
            assert refused.value.text == REFUSED_TEXT, url
    assert sockets.dialled == []


# Shapes that published lists of SSRF tricks and DNS-rebinding services are made of.
TRICKS = [
    *(f"https://{host}/" for host in ("0", "00", "0x0", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f.1")),
    *(
        f"https://{host}/"
        for host in ("425.510.425.510", "0251.00376.000251.0000376", "0xA9FEA9FE", "0x41414141A9FEA9FE")
    ),
    *(
        f"https://{host}/"
        for host in ("localhost", "localhost.", "foo.localhost", "LOCALHOST", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "loc%61lhost")
    ),
    *(f"https://{host}/" for host in ("[::]", "[::1]", "[0::0:1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fec0::1]")),
    *(
        f"https://{host}/"
        for host in ("[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[ff02::1]")
    ),
    *(
        f"https://{host}/"
        for host in ("[2001:0:5ef5:79fd::1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[v1.a]", "[127.0.0.1]")
    ),
    *(
        f"https://{host}/"
        for host in ("a", "a.b_", "-a.com", "a-.com", "a..com", ".com", "com.", "a.com.", "*.com", "a.0")
    ),
    *(
        f"https://{host}/"
        for host in ("a.1", "a.0x1", "1.2.3.4.5", "1.2.3", "1", "a.local", "a.internal", "a.lan", "router")
    ),
    *(
        f"https://127.0.0.1{tail}"
        for tail in ("", "/", ":443", "?", "#", "/%2f", "//", "/..;/", "%00", "%0d%0a", ";a.com")
    ),
    *(
        f"https://a.com{tail}127.0.0.1/"
        for tail in ("@", ":443@", ":@", "%40", "\\", "\\@", "\t@", " @", "\r\n", "\x00")
    ),
    *(
        f"{scheme}://a.com/clip"
        for scheme in ("ftp", "file", "gopher", "dict", "ldap", "ws", "wss", "data", "jar", "http")
    ),
    *(
        f"{scheme}a.com/clip"
        for scheme in ("", "//", "https:", "https:/", "https:///", "https:\\\\", "https//", "://", "url:https://")
    ),
    *(
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:video/mp4;base64,AAAA",
        "about:blank",
        "mailto:a@b.c",
        "\\\\a\\b",
    ),
    *(f"https://{user}@a.com/" for user in ("", ":", "a", "a:b", "%20", "127.0.0.1", "a@b", "[::1]", "a:b:c")),
    *(
        f"https://a.com{char}b/"
        for char in ("\\", " ", "\t", "\n", "\r", "\x00", "\x7f", "\u2028", "\u200b", "\ufeff", "\u3000")
    ),
    *(
        f"https://{char}a.com/"
        for char in ("%20", "%00", "%0a", "%2f", "%5c", "%40", "%3a", "%2e", "<", '"', "|", "^", "`", "{{")
    ),
    *(f"https://{name}/" for name in ("cdn.discordapp.com.", "media.discordapp.net.", "cdn.discordapp.com@evil.com")),
    *(
        f"https://a.com:{port}/"
        for port in ("22", "25", "0443", "444", "8443", "443a", "4 43", "1e3", "0x1bb", "+443", "४४३")
    ),
    *(
        "",
        " ",
        "https://",
        "https://?",
        "https://#",
        "https://:443",
        "https://:@/",
        "https://[",
        "https://]",
        "https://[]",
    ),
    *(
        "https://" + "a" * 64 + ".com/",
        "https://" + "a." * 127 + "com/",
        "https://a.com/" + "a" * 2048,
        "https://xn--/",
    ),
    *(
        f"HtTp{s}://{host}/"
        for s in ("", "S")
        for host in ("127.0.0.1", "0x7f.0.0.1", "[::1]", "LocalHost", "10.0.0.1")
    ),
]
METADATA_HOSTS = ("169.254.169.254", "100.100.100.200", "192.0.0.192", "169.254.170.2", "[fd00:ec2::254]", "metadata")
METADATA_PATHS = (
    "latest/meta-data/",
    "computeMetadata/v1/",
    "metadata/instance?api-version=1",
    "opc/v1/",
    "v1.json",
    "v2/",
)
TRICKS += [f"http://{host}/{path}" for host in METADATA_HOSTS for path in METADATA_PATHS]
TRICKS += [f"https://{host}/{path}" for host in METADATA_HOSTS for path in METADATA_PATHS]
OTHER_SCHEMES = (
    "sftp",
    "tftp",
    "ldaps",
    "netdoc",
    "imap",
    "smb",
    "rtsp",
    "rtmp",
    "udp",
    "tcp",
    "concat",
    "subfile",
    "crypto",
)
TRICKS += [f"{scheme}://a.com/clip.mp4" for scheme in OTHER_SCHEMES]
TRICKS += [
    f"{prefix}https://a.com/clip.mp4" for prefix in ("view-source:", "cache:", "http+", "async:", "<", "(", "x:", "!")
]

# Names anyone can point anywhere: the text is a fair one, the address is what must be refused.
REBINDING = [
    *(
        f"https://{ip}.{service}/"
        for ip in ("127.0.0.1", "10.0.0.1", "169.254.169.254")
        for service in ("nip.io", "sslip.io")
    ),
    *(
        "https://localtest.me/",
        "https://spoofed.burpcollaborator.net/",
        "https://make-1-2-3-4-rr.1u.ms/",
        "https://a.com/#@b",
    ),
    *(
        "https://lvh.me/",
        "https://7f000001.c0a80001.rbndr.us/",
        "https://cdn.discordapp.com.evil.com/a?b=https://x.com",
    ),
    *(
        "https://xn--80ak6aa92e.com/",
        "https://例え.テスト/",
        "https://a.com/?@127.0.0.1",
        "https://a.com/;@127.0.0.1",
        "https://a.com#@@127.0.0.1/",
    ),
]


async def test_no_published_trick_opens_a_socket(tmp_path: Path) -> None:
    resolver, sockets = WrittenResolver(["127.0.0.1"]), WrittenSockets()
    async with open_fetcher(resolver, sockets) as fetcher:
        for url in TRICKS:
            with pytest.raises(LinkRefusedError):
                check_link(url)
        for url in TRICKS + REBINDING:
            with pytest.raises(UnusableClipError):
                await fetcher.fetch(url, tmp_path / "clip", limit_bytes=1000)
    assert len(set(TRICKS)) + len(set(REBINDING)) >= 269
    assert sockets.dialled == []
    assert len(resolver.names) == len(REBINDING)


def test_only_the_port_of_https_is_allowed() -> None:
    for port in ("0", "1", "22", "25", "80", "6379", "8080", "11211", "65535", "65536", "-1", "٨٠", ""):
        with pytest.raises(LinkRefusedError):
            check_link(f"https://example.com:{port}/clip.mp4")
    assert check_link("https://example.com:443/clip.mp4").port == 443


def test_ordinary_links_are_allowed_and_stay_as_they_were_typed() -> None:
    for text in (
        "https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=66&is=65&hm=ab%2Fcd%2b&",
        "https://bucket.s3.amazonaws.com/a%2fb/c%20d.mp4?X-Amz-Signature=ab%2C~*'()!",
        "https://a-b.c--d.example/x,y;z=1/%C3%BC.mp4",
        "https://1.2.3.4.example/",
        "https://xn--bcher-kva.example/~user/clip.mp4",
    ):
        assert str(check_link(text)) == text
    assert check_link("https://bücher.example/ü").raw_host == "xn--bcher-kva.example"
    assert check_link("HTTPS://Example.COM/a#part").fragment == ""


def test_only_trusted_hosts_may_be_private_and_plain() -> None:
    trusted = read_trusted_hosts(["127.0.0.1:8321", " Studio.Local:80 ", "[::1]:90"])
    for allowed in ("http://127.0.0.1:8321/a", "http://studio.local/a", "http://[::1]:90/"):
        assert check_link(allowed, trusted).scheme == "http"
    for refused in (
        "http://127.0.0.1:8322/a",
        "http://127.0.0.1/a",
        "https://studio.local/",
        "http://a@127.0.0.1:8321/",
    ):
        with pytest.raises(LinkRefusedError):
            check_link(refused, trusted)
    for wrong in ("a", "a:", ":1", "a:0", "a:65536", "a:x"):
        with pytest.raises(ValueError, match="host:port"):
            read_trusted_hosts([wrong])


@settings(max_examples=10_000, deadline=None, derandomize=True, database=None)
@given(
    st.one_of(st.text(max_size=60), st.text(max_size=40).map("https://".__add__), st.from_regex(r"https://[ -~]{1,40}"))
)
def test_any_text_is_refused_or_leads_to_a_public_looking_name(text: str) -> None:
    try:
        url = check_link(text)
    except LinkRefusedError:
        return
    host = url.raw_host
    assert host is not None
    assert host.isascii()
    assert "." in host
    assert host.rpartition(".")[2][0].isalpha()
    assert (url.scheme, url.port, url.user, url.password) == ("https", 443, None, None)


def test_pages_are_told_from_files() -> None:
    pages = {
        "https://cdn.discordapp.com/attachments/1/2/a.mp4": False,
        "https://media.discordapp.net/attachments/1/2/a.mp4?ex=1": False,
        "https://cdn.discordapp.com.evil.com/attachments/1/2/a.mp4": False,
        f"https://discord.com/channels/{10**17}/{10**17}/{10**17}": True,
        "https://discord.com/channels/1": True,
        "https://www.youtube.com/watch?v=1": True,
        "https://youtu.be/1": True,
        "https://notyoutube.com/a.mp4": False,
        "https://vm.tiktok.com/1/": True,
        "https://drive.google.com/file/d/1/view": True,
        "https://www.dropbox.com/s/1/a.mp4?dl=0": True,
        "https://www.dropbox.com/s/1/a.mp4?dl=1": False,
        "https://v.redd.it/1/DASH_720.mp4": False,
        "https://example.com/a.mp4": False,
    }
    assert {text: page_advice(check_link(text)) is not None for text in pages} == pages
    advice = page_advice(URL("https://youtu.be/1"))
    assert advice is not None
    assert "YouTube" in advice.text


async def test_a_page_of_a_known_site_is_answered_with_what_would_work(tmp_path: Path) -> None:
    async with open_fetcher() as fetcher:
        with pytest.raises(UnusableClipError, match="TikTok") as refused:
            await fetcher.fetch("https://www.tiktok.com/@a/video/1", tmp_path / "clip", limit_bytes=1000)
    assert refused.value.rule == "link_page"

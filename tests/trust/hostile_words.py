"""Words, numbers and bodies that nobody means well with, and where they can be put."""

import ast
import inspect
import json
import re
from pathlib import Path
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

# As bytes: what is no UTF-8, half a pair of surrogates among it, comes over the wire as well.
WORDS = (
    b"", b" ", b"\0", b"a\0b", b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", b"\xf4\x90\x80\x80",
    "\u202egnp.exe\u202c".encode(), "مرحبا ١٢٣".encode(), "\ufeff\u200b".encode(), b"\r\n.\r\n",
    "환불\u2028언제요\u0301\u0301".encode(), "🤷🏽\u200d♀".encode(), b"'; DROP TABLE agents; --",
    b"%s%n%(x)s{0}", b"<script>alert(1)</script>", b"{{7*7}}${7*7}", b"../../../etc/passwd",
    b"//evil.example", b"javascript:alert(1)", b"=cmd|' /C calc'!A0", b"http://169.254.169.254/",
    b"null", b"[]", b"{}", b"true", b"\\", b'"', b"'", b"," * 500, b"0" * 500, b"(" * 500,
    b"a@" * 500, "가".encode() * 3000,
)  # fmt: skip
NUMBERS = (
    b"0", b"-1", b"1", b"2", b"9" * 30, b"1e999", b"NaN", b"-0.0", b"0x10", b"1_000", "٣".encode(),
    "²".encode(), b"9223372036854775807", b"9223372036854775808", b"0.5", b"2026-02-30",
    b"2026-11-22", b"0001-01-01", b"99999-01-01", b"2026-11-22T10:00:00Z", b"9999-12-31T23:59:59Z",
    b"0001-01-01T00:00:00+14:00",
)  # fmt: skip
KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json",
    "multipart/form-data", "text/plain", "application/json; charset=utf-16", "application/xml", "",
)  # fmt: skip

raw = st.sampled_from(WORDS) | st.sampled_from(NUMBERS) | st.binary(max_size=40)
plain = st.text(max_size=30) | raw.map(lambda each: each.decode("utf-8", "surrogatepass"
        if b"\xed\xa0" in each else "replace"))  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | plain | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
    max_leaves=6,
)


def names_in(view):
    """What the fields of a view may be called: every short word that its module holds."""
    module = ast.parse(Path(inspect.getfile(inspect.unwrap(view))).read_text(encoding="utf-8"))
    found = {
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(word for word in found if re.fullmatch(r"[a-z][a-z_]{0,24}", word)) or ["x"]


def forms(names):
    """Bodies of forms: fields that are known, twice too, with the words above."""
    field = st.tuples(st.sampled_from(names), raw)
    return st.lists(field, max_size=8).map(
        lambda fields: "&".join(
            f"{name}={quote_from_bytes(value)}" for name, value in fields
        ).encode()
    )


def uploads(names):
    """Bodies in parts, files among them."""
    part = st.tuples(st.sampled_from(names), st.none() | plain, raw)

    def packed(parts):
        lines = b""
        for name, filename, value in parts:
            named = (
                ""
                if filename is None
                else f'; filename="{re.sub(r"[^ -~가-힣./]", "_", filename)}"'
            )
            lines += f'--x\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
            lines += value + b"\r\n"
        return lines + b"--x--\r\n"

    return st.lists(part, max_size=5).map(packed)


def bodies(names):
    """Content type and body: mostly one that fits, sometimes none that does."""
    objects = st.dictionaries(st.sampled_from(names), anything, max_size=6) | anything
    told = objects.map(lambda each: json.dumps(each).encode())  # escapes halves of pairs
    return st.one_of(
        st.tuples(st.just(KINDS[0]), forms(names)),
        st.tuples(st.just(KINDS[1]), uploads(names)),
        st.tuples(st.just(KINDS[2]), told),
        st.tuples(st.sampled_from(KINDS), forms(names) | uploads(names) | told | st.binary()),
    )

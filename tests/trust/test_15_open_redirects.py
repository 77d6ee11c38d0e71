"""Check 15: the desk sends a browser nowhere but to its own pages."""

import ast
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import agents
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web.auth import own_path

ROOT = Path(__file__).parents[2]
OWN = "https://desk.example"
ELSEWHERE = [
    "//h", "///h", "////h", "/\\h", "\\/h", "\\\\h", "/\\/h", "\\h", "https:h", "https:/h",
    "https:///h", "https://h", "HTTPS://h", "http:h", "//h@desk.example", "//desk.example@h",
    "https://desk.example@h/", "https://desk.example.h/", "//desk.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "\tjavascript:alert(1)",
    "java\tscript:alert(1)", "blob:x", "ftp:h", "/\t/h", "/\n/h", "/\r/h", "\t//h", " //h",
    "\x00//h", "/\x00/h", "\x1f//h", "/\x7f/h", "\u200b//h", "/\u2028/h", "/\u00a0\\h",
    "/x\r\nSet-Cookie: a=b", "/x\nLocation: //h", "/x\r\n\r\n<html>", "h", "h/x", ".//h", "..//h",
    "?next=//h", "#//h", "", " ", "mailto:a@h", "//[::1]", "//[", "/\\[", "//0x7f.1/", "///\\h",
    "/ /h\\", "https:\\\\h", "//\u3002h", "\uff0f\uff0fh", "/\uff3ch\\", "//h%00", "/\u202e//h",
]  # fmt: skip
HERE = [
    "/", "/search?q=%ED%99%98%EB%B6%88", "/inquiries/6?x=1#end", "/%5Ch", "/%09/h", "/%2F%2Fh",
    "/%0d%0aX:1", "/a//b", "/@h", "/;@h", "/x?next=//h", "/환불", "/x?y=https://h", "/．．/h",
    "/／h", "/.//h",
]  # fmt: skip


def goes_to(target: str) -> str:
    """The host that a browser goes to, as the URL standard reads a reference.

    It drops tabs and line ends wherever they are, and blanks and controls around; and it takes a
    backslash for a slash.
    """
    read = re.sub(r"[\t\r\n]", "", target.strip("".join(map(chr, range(33)))))
    head, mark, tail = read.partition("?")
    read = head.replace("\\", "/") + mark + tail
    # Any number of slashes after one, or after a scheme, leads to a host.
    read = re.sub(r"^(https?:)?/{2,}", lambda found: (found[1] or "") + "//", read, flags=re.I)
    read = re.sub(r"^(https?:)(?!//)/?", r"\1//", read, flags=re.I)
    try:
        found = urlsplit(urljoin(OWN + "/sign-in", read))
    except ValueError:
        return "nowhere that can be read"
    return f"{found.scheme}://{found.netloc}"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_way_leads_elsewhere(target):
    assert own_path(target) is None


@pytest.mark.parametrize("target", HERE)
def test_a_page_of_ones_own_is_gone_back_to(target):
    assert own_path(target) == target
    assert goes_to(target) == OWN


@given(
    st.text(
        st.sampled_from("/\\:?#@%.;&=[]hHtTpPsSjJaAvV019 \t\r\n\0\x1f\x7f\u200b\u2028／＼。㏇"),
        max_size=14,
    )
    | st.text(max_size=14)
    | st.builds(
        "/{}{}".format,
        st.sampled_from(["", "/", "\\", "\t/", "\n\\", "%09/", ".//", "/"]),
        st.text(max_size=6),
    )
)
def test_whatever_is_let_through_stays_here(target):
    own = own_path(target)
    if own is not None:
        assert own.startswith("/")
        assert goes_to(own) == OWN
        assert own.isprintable()


def location(answer):
    """Where an answer sends to; the same page where it sends nowhere."""
    found = answer.headers.get("Location", "/")
    if answer.is_json and isinstance(answer.json, dict):
        found = str(answer.json.get("next") or answer.json.get("location") or found)
    return found


@pytest.fixture
def lead(app, db):
    agents.add(db, ACTOR, login="boss", name="Boss", role="admin", password=PASSWORD)
    return signed_in(app, "boss")


NAMES = ("next", "back", "return", "return_to", "redirect", "url", "to", "r", "location", "target")


def test_no_page_can_be_told_to_send_a_browser_elsewhere(app, lead):
    """Every route of the console, with a way elsewhere in its address, its form and its Referer."""
    told = dict.fromkeys(NAMES, "//h")
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "auth.sign_out" or rule.rule.startswith(("/api/", "/static")):
            continue
        path = re.sub(r"<[^>]*filename>", "desk.css", rule.rule)
        path = re.sub(r"<[^>]*>", "1", path)
        for method in sorted(rule.methods & {"GET", "POST"}):
            more = {"data": told} if method == "POST" else {}
            answer = lead.open(
                path, method=method, query_string=told, headers={"Referer": "https://h/"}, **more
            )
            assert goes_to(location(answer)) in (OWN, "http://localhost"), (path, method)
            answer.close()
    assert lead.get("/").status_code == 200  # it was signed in all the while


def test_forms_that_know_where_to_go_back_to_go_nowhere_else(app):
    client = app.test_client()
    for target in ELSEWHERE:
        answer = client.post("/language", data={"language": "en", "next": target})
        assert goes_to(location(answer)) == OWN
        page = client.get("/sign-in", query_string={"next": target})
        assert (
            page.status_code == 200
        )  # it goes round by the form, and is looked at when it is back
    for target in ("//h", "/\\h", "\\/h", "https:h", "/\t/h"):
        form = {"login": "mina", "password": PASSWORD, "next": target}
        assert goes_to(location(app.test_client().post("/sign-in", data=form))) == OWN


def test_a_way_back_that_a_form_names_is_looked_at_by_one_function_alone():
    """A view that reads `next` or the Referer and does not ask `own_path` fails here."""
    for path in sorted((ROOT / "web").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        assert "request.referrer" not in source, path.name
        assert "request.url" not in source.replace("request.url_rule", ""), path.name
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.FunctionDef) and node.name != "own_path"):
                continue
            text = ast.unparse(node)
            if re.search(r"request\.(form|args|values)(\.get\(|\[)'next'", text):
                assert "own_path" in text or path.name == "auth.py", f"{path.name}: {node.name}"

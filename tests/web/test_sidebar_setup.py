"""The page that says how the sidebar gets into a helpdesk, and the app for Zendesk."""

import io
import json
import struct
import zipfile

import pytest

from support import agents, connections, settings
from support.connections import Access
from tests.web.conftest import ACTOR, PASSWORD, signed_in

PAGE = "/sidebar/setup"
OUTSIDE = {"HTTP_HOST": "desk.example.com"}


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


def outside(client, path, **query):
    """Ask as a browser does that reaches the desk at its own host; gives the answer."""
    cookie = {"Cookie": f"__Host-faqdesk={client.get_cookie('faqdesk').value}"}
    asked_as = OUTSIDE | {"wsgi.url_scheme": "https"}
    stranger = client.application.test_client(use_cookies=False)
    return stranger.get(path, headers=cookie, environ_overrides=asked_as, query_string=query)


def allowed(db):
    return settings.load(db).embed_parents


def test_it_names_the_address_to_paste_as_it_is_asked_from_outside(admin):
    page = outside(admin, PAGE).text
    assert 'value="https://desk.example.com/embed/suggest"' in page


def test_a_helpdesk_is_allowed_and_refused(admin, db):
    assert "없어요" in admin.get(PAGE).text
    found = admin.post(
        PAGE + "/allow",
        data={"address": " https://Acme.zendesk.com/agent/tickets/7?brand=1 "},
        follow_redirects=True,
    ).text
    assert allowed(db) == ("https://acme.zendesk.com",)
    assert "<code>https://acme.zendesk.com</code>" in found
    admin.post(PAGE + "/allow", data={"address": "https://chat.example:8443/app/accounts/1"})
    assert allowed(db) == ("https://acme.zendesk.com", "https://chat.example:8443")
    admin.post(PAGE + "/refuse", data={"origin": "https://acme.zendesk.com"})
    admin.post(PAGE + "/refuse", data={"origin": "https://nobody.example"})
    assert allowed(db) == ("https://chat.example:8443",)


@pytest.mark.parametrize(
    "address",
    ["", "acme", "acme.zendesk.com", "ftp://h", "javascript:alert(1)", "https://*.zendesk.com",
     "https://me@h", "null", "https://[::1", "https://h; script-src *"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_a_sentence(admin, db, address):
    answer = admin.post(PAGE + "/allow", data={"address": address})
    assert answer.status_code == 400
    assert "헬프데스크 주소가 아니에요." in answer.text
    assert allowed(db) == ()


def test_conversations_are_kept_under_the_name_of_their_connection(admin, space, db):
    access = Access(address="https://chat.example", secret="s" * 16, account="3", token="t")
    connections.connect(db, space.seal(), ACTOR, name="shop", kind="chatwoot", access=access,
                        source="chat-kr")  # fmt: skip
    assert "<option>chat-kr</option>" in admin.get(PAGE).text
    for source in ("chat-kr", ""):
        admin.post(PAGE + "/allow", data={"address": "https://chat.example", "source": source})
        assert allowed(db) == (f"https://chat.example={source}".rstrip("="),)


def package(admin, **query):
    answer = outside(admin, PAGE + "/faqdesk-zendesk.zip", **query)
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.data)), answer.data


def test_the_app_for_zendesk_holds_what_zendesk_asks_for(admin, db):
    packed, body = package(admin, email="help@shop.example")
    assert packed.testzip() is None
    assert sorted(packed.namelist()) == [
        "assets/logo-small.png", "assets/logo.png", "manifest.json",
        "translations/en.json", "translations/ko.json",
    ]  # fmt: skip
    assert len(body) < 2 << 20  # what Zendesk takes for a private app
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["location"] == {"support": {"ticket_sidebar": {
        "url": "https://desk.example.com/embed/suggest", "flexible": True}}}  # fmt: skip
    assert (manifest["frameworkVersion"], manifest["private"]) == ("2.0", True)
    assert manifest["author"] == {
        "name": "도란장터", "email": "help@shop.example", "url": "https://desk.example.com",
    }  # fmt: skip
    assert manifest["defaultLocale"] == "en"
    for language in ("en", "ko"):
        words = json.loads(packed.read(f"translations/{language}.json"))["app"]
        assert all(words[name] for name in ("name", "short_description", "long_description",
                                            "installation_instructions"))  # fmt: skip
    for name, size in (("logo.png", 320), ("logo-small.png", 128)):
        picture = packed.read(f"assets/{name}")
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", picture[16:24]) == (size, size)


def test_the_app_names_somebody_at_the_desk_and_is_the_same_each_time(admin):
    packed, body = package(admin, email=" ")
    assert json.loads(packed.read("manifest.json"))["author"]["email"] == "support@desk.example.com"
    assert package(admin, email="")[1] == body


def test_the_window_leads_admins_here(admin, agent):
    assert PAGE in admin.get("/sidebar").text
    assert PAGE not in agent.get("/sidebar").text
    assert PAGE in admin.get("/connections").text

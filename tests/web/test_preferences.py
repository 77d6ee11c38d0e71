import pytest


def choose(client, **body):
    return client.post("/preferences", json=body)


def test_a_page_remembers_what_its_reader_likes(agent, lead):
    assert choose(agent, insert_as="text").json["insert_as"] == "text"
    answer = choose(agent, keys="off")
    assert (answer.json["keys"], answer.json["insert_as"]) == ("off", "text")
    assert choose(lead).json["insert_as"] != "text"  # their own


def test_a_form_goes_back_to_where_it_stood(agent):
    form = {"keys": "off", "next": "/search?q=x", "other": "1"}
    assert agent.post("/preferences", data=form).headers["Location"] == "/search?q=x"
    assert choose(agent).json["keys"] == "off"


@pytest.mark.parametrize("body", [{"keys": 1}, {"db": "x"}, {"theme": ["dark"]}])
def test_an_odd_wish_is_refused(agent, body):
    assert choose(agent, **body).status_code == 400


def test_a_list_is_refused(agent):
    assert agent.post("/preferences", json=["keys"]).status_code == 400

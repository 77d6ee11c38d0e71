"""Whatever is sent to the index server or typed at the command line: refused by name, or done."""

import grpc
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import index_pb2 as messages
from support.errors import FaqdeskError
from support.faiss_index import FaissIndex
from support.grpc_index import INQUIRIES
from support.workspace import Workspace
from tests import soaking
from tests.trust import hostile_words
from web.cli import COMMANDS, faqdesk
from web.index_desk import OwnInquiries
from web.index_server import IndexServer, named

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
DIM = 4
BYTES = st.binary(max_size=70) | st.integers(1, 4).map(lambda n: b"\0\0\x80\x3f" * DIM * n)
NAMES = st.sampled_from(("text", "none", "", "../x", "a" * 5_000)) | st.text(
    st.characters(codec="utf-8"), max_size=9
)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
ASKED = {
    "Describe": st.builds(messages.IndexName, index=NAMES),
    "Add": st.builds(messages.AddRequest, index=NAMES, ids=BYTES, vectors=BYTES),
    "Remove": st.builds(messages.RemoveRequest, index=NAMES, ids=BYTES),
    "Search": st.builds(
        messages.SearchRequest, index=NAMES, vectors=BYTES, top_k=NUMBERS | st.just(3),
        limited=st.booleans(), allow=BYTES,
    ),
}  # fmt: skip
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
LONG_NUMBERS = st.integers(-(2**63), 2**63 - 1)
PAST_OPTIONS = st.builds(messages.PastOptions, top_k=NUMBERS, neighbours_k=NUMBERS | st.just(2))
PAST = st.builds(
    messages.PastByTextRequest, text=WORDS, vector=BYTES, without=LONG_NUMBERS, options=PAST_OPTIONS
) | st.builds(messages.PastByInquiryRequest, inquiry_id=LONG_NUMBERS, options=PAST_OPTIONS)
REFUSED = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
           grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.OUT_OF_RANGE)  # fmt: skip
# What runs until it is stopped, works for minutes, makes a desk, or asks the network.
LONG = {
    "serve", "serve-index", "worker", "bench", "demo", "train", "init", "collect", "restore",
    "evaluate", "index", "connect",
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    running = IndexServer({"text": named(FaissIndex(DIM), DIM)})
    running.start()
    with grpc.insecure_channel(f"127.0.0.1:{running.port}") as channel:
        yield channel
    running.stop()


@pytest.fixture(scope="module")
def past_server(trained_home):
    door = OwnInquiries(Workspace(trained_home))
    running = IndexServer({}, inquiries=door)
    running.start()
    with grpc.insecure_channel(f"127.0.0.1:{running.port}") as channel:
        yield channel
    running.stop()
    door.close()


@settings(
    max_examples=soaking.many(60, 4000), deadline=None, database=None, suppress_health_check=QUIET
)
@given(st.sampled_from(sorted(ASKED)).flatmap(
    lambda name: st.tuples(st.just(name), ASKED[name].map(lambda one: one.SerializeToString())
                           | st.binary(max_size=40))))  # fmt: skip
def test_whatever_message_it_is_the_index_server_answers_or_refuses_it(server, asked):
    name, body = asked
    call = server.unary_unary(f"/faqdesk.index.v1.Vectors/{name}")
    code, details = grpc.StatusCode.OK, ""
    try:
        call(body, timeout=60)
    except grpc.RpcError as error:
        code, details = error.code(), error.details()
    # What is no message at all never reaches us: the library says so itself.
    unread = "deserializ" in details
    assert unread or code in (grpc.StatusCode.OK, *REFUSED), (asked, code, details)
    assert "Traceback" not in details


@settings(
    max_examples=soaking.many(30, 2000), deadline=None, database=None, suppress_health_check=QUIET
)
@given(PAST)
def test_whatever_is_asked_about_the_past_is_answered_or_refused(past_server, asked):
    method = "ByText" if isinstance(asked, messages.PastByTextRequest) else "ByInquiry"
    code, details = grpc.StatusCode.OK, ""
    try:
        past_server.unary_unary(f"/{INQUIRIES}/{method}")(asked.SerializeToString(), timeout=60)
    except grpc.RpcError as error:
        code, details = error.code(), error.details()
    assert code in (grpc.StatusCode.OK, *REFUSED), (asked, code, details)


def leaves():
    """Every command that ends by itself, by its words."""
    found = []

    def walk(command, words):
        if hasattr(command, "commands"):
            for name, held in command.commands.items():
                walk(held, [*words, name])
        found.append(words)

    for name in COMMANDS:
        if name not in LONG:
            walk(faqdesk.get_command(None, name), [name])
    return found


LEAVES = leaves()
TYPED = st.lists(
    hostile_words.plain.filter(lambda word: "\0" not in word and "/" not in word)
    | st.sampled_from(("1", "0", "refund", "--json", "--limit", "--reason", "--since", "--", "-h")),
    max_size=4,
)


@settings(
    max_examples=soaking.many(25, 1500), deadline=None, database=None, suppress_health_check=QUIET
)
@given(st.sampled_from(LEAVES), TYPED)
def test_whatever_is_typed_a_command_refuses_it_in_words_or_does_it(
    space, tmp_path, monkeypatch, words, typed
):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(faqdesk, [*words, *typed], input="")
    ours = done.exception is None or isinstance(done.exception, SystemExit | FaqdeskError | OSError)
    assert ours, (words, typed, done.exc_info)

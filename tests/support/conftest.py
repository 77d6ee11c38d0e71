import pytest

from support.milvus_index import MilvusPlace
from support.recommender import Recommender
from tests import soaking
from tests.milvus_server import MilvusServer

# The real server takes minutes, and an environment of its own: `make soak` has it.
collect_ignore = [] if soaking.SHARE else ["test_milvus_server.py"]


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory):
    """A real Milvus server."""
    server = MilvusServer(tmp_path_factory.mktemp("milvus") / "server")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def milvus(request, tmp_path_factory):
    """Gives the place of a Milvus: `lite`, or `server`, which is started when it is asked for."""
    lite = tmp_path_factory.mktemp("milvus") / "lite.db"

    def place(name):
        if name == "server":
            return request.getfixturevalue("milvus_server").place
        return MilvusPlace(str(lite))

    return place


@pytest.fixture
def desk(trained):
    """A recommender over a trained desk, with a connection."""
    database = trained.database()
    yield Recommender(trained), database, trained
    database.close()

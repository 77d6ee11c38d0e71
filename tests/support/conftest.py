import pytest

from support.recommender import Recommender


@pytest.fixture
def desk(trained):
    """A recommender over a trained desk, with a connection."""
    database = trained.database()
    yield Recommender(trained), database, trained
    database.close()

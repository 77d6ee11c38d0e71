"""Who may use a cluster: one with token and TLS is used by whoever has both, and no other is."""

import os
import secrets
import socket
from concurrent import futures
from contextlib import contextmanager, nullcontext

import grpc
import pytest

from support import ray_places
from support.errors import SettingError
from support.ray_engine import RayEngine
from support.ray_wire import check_wire
from tests.certificates import Authority, ray_tls
from tests.listings.ray_runs import TableRun
from tests.listings.small_category import category_model, listings, write_csv
from tests.ray_cluster import ray_cluster
from tests.web.doors import SLOW, free_port

__all__ = ["category_model"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def cluster(authority):
    """A head alone, with token and TLS."""
    with ray_cluster(more=0, given=ray_tls(authority, "machine", "127.0.0.2")) as found:
        yield found


@pytest.fixture
def run(category_model, tmp_path):
    rows = ((n, title) for n, (title, _) in enumerate(listings(80, seed=5)))
    table = write_csv(tmp_path / "in.csv", rows, "id", "title")
    words = ["--model", str(category_model), "--shard-rows", "8"]
    return TableRun(table, tmp_path / "out.csv", *words)


def test_with_token_and_tls_the_bytes_are_the_local_ones(cluster, run, tmp_path):
    with run.on(cluster) as process:
        assert run.report(process)["rows"] == 80
    local = TableRun(tmp_path / "in.csv", tmp_path / "here.csv", *run.words[5:])
    local.here()
    assert run.out.read_bytes() == local.out.read_bytes()
    run.check_nothing_left()


def refused(run, cluster, given, **options):
    """What is said when the cluster is not used."""
    with run.on(cluster, given=given, **options) as process:
        assert process.wait(SLOW) == 1
    assert not run.out.exists()
    assert run.receipts == 0
    assert "Traceback" not in run.said
    return run.said


@pytest.mark.parametrize("kind", ["none", "another", "empty"])
def test_without_the_token_of_the_cluster_nobody_gets_in(cluster, run, tmp_path, kind):
    given = dict(cluster.secret)
    if kind == "none":
        given |= {"RAY_AUTH_MODE": "disabled"}
    else:
        file = tmp_path / "token"
        file.write_text(secrets.token_hex(32) if kind == "another" else "")
        given["RAY_AUTH_TOKEN_PATH"] = str(file)
    said = refused(run, cluster, given)
    assert "RAY_AUTH_MODE=token" in said
    assert "RAY_AUTH_TOKEN_PATH" in said


def test_who_knocks_runs_no_file_of_the_current_folder(cluster, monkeypatch, tmp_path):
    (tmp_path / "ray.py").write_text(f"open({str(tmp_path / 'was run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    for name, value in cluster.secret.items():
        monkeypatch.setenv(name, value)
    ray_places.check_door(cluster.address)
    assert not (tmp_path / "was run").exists()


def test_without_tls_nobody_gets_in(cluster, run):
    plain = {name: value for name, value in cluster.secret.items() if "TLS" not in name}
    assert "RAY_USE_TLS=1" in refused(run, cluster, plain)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"RAY_USE_TLS": "0"}, "talks TLS and this machine does not"),
        ({"RAY_TLS_CA_CERT": "other.pem"}, "certificate verify failed"),
        ({"RAY_TLS_SERVER_CERT": "other.pem"}, "KEY_VALUES_MISMATCH"),
        ({"RAY_TLS_SERVER_CERT": "stranger.pem", "RAY_TLS_SERVER_KEY": "stranger.key"},
         "does not take this machine's certificate"),
        ({"RAY_TLS_SERVER_KEY": ""}, "cannot be used"),
        ({"RAY_TLS_CA_CERT": ""}, "cannot be used"),
    ],
)  # fmt: skip
def test_what_keeps_two_machines_apart_is_told_at_once(
    cluster, monkeypatch, tmp_path, change, words
):
    Authority(tmp_path, "other").certify("stranger", "127.0.0.2")
    for name, value in cluster.secret.items():
        monkeypatch.setenv(name, value)
    for name, value in change.items():
        monkeypatch.setenv(name, str(tmp_path / value) if "." in value else value)
    host, port = cluster.address.split(":")
    with pytest.raises(SettingError, match=words) if words else nullcontext():
        check_wire(host, int(port))


def test_a_cluster_that_talks_plainly_is_not_asked_by_tls(authority, monkeypatch):
    for name, value in ray_tls(authority, "driver", "127.0.0.3").items():
        monkeypatch.setenv(name, value)
    with serving() as port, pytest.raises(SettingError, match="do not agree on TLS"):
        check_wire("127.0.0.1", port)
    monkeypatch.setenv("RAY_USE_TLS", "0")
    with serving() as port:
        check_wire("127.0.0.1", port)


@contextmanager
def serving():
    """A server of gRPC that talks plainly."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def test_where_nothing_answers_is_told_soon(cluster, run):
    address = f"127.0.0.2:{free_port()}"
    assert address in refused(run, cluster, cluster.secret, address=address)


@pytest.mark.parametrize("address", ["10.0.0.5:6379", "cluster.example.com:6379", "[::]:6379"])
@pytest.mark.parametrize("lacks", ["RAY_AUTH_MODE", "RAY_USE_TLS"])
def test_elsewhere_nothing_is_sent_without_both(cluster, monkeypatch, address, lacks):
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    for name, value in cluster.secret.items():
        monkeypatch.setenv(name, value)
    RayEngine(address)
    monkeypatch.delenv(lacks)
    asked = []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **kw: asked.append(a))
    monkeypatch.setattr(ray_places.subprocess, "Popen", lambda *a, **kw: asked.append(a))
    with pytest.raises(SettingError, match="RAY_USE_TLS=1"):
        RayEngine(address)
    assert asked == []

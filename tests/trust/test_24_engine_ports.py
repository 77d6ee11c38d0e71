"""Check 24: an engine's port is open to this machine alone, or it has TLS and asks for a secret.

Ray's machines and Milvus ask the same function before they are used.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from support import grpc_index
from support.artifact import write_artifact
from support.batch import engine_named
from support.engine_places import check_place, host_of, is_own
from support.errors import IndexServerError, SettingError
from support.faiss_index import FaissIndex
from support.grpc_index import GrpcIndex, IndexChannel
from support.ray_engine import RayEngine
from support.ray_places import check_door, check_hosts
from tests.ray_cluster import ray_cluster
from web import backlog, job_queue, redis_queue, serve
from web.app import create_app
from web.index_server import IndexServer, named

ROOT = Path(__file__).parents[2]
OWN = ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST", "localhost.", "::1", "[::1]",
       "::ffff:127.0.0.1"]  # fmt: skip
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
OTHERS = ["0.0.0.0", "::", "10.0.0.1", "192.168.0.9", "169.254.1.1", "93.184.216.34", "example.com",
          "localhost.example.com", "127.0.0.1.example.com", "2130706433", "0x7f.1", "127.1",
          "fe80::1", "host.docker.internal"]  # fmt: skip


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No token or authority of the machine that the tests run on."""
    for name in (grpc_index.TOKEN, grpc_index.AUTHORITY, redis_queue.REDIS):
        monkeypatch.delenv(name, raising=False)


def server(**options):
    return IndexServer({"text": named(FaissIndex(4), 4)}, **options)


@pytest.mark.parametrize("host", OWN)
def test_this_machine_needs_nothing(host):
    assert is_own(host)
    check_place("An engine", host, secret=False, encrypted=False, cure="")


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.parametrize(
    ("secret", "encrypted", "lacks"),
    [(False, False, "a secret.* and TLS"), (True, False, "TLS"), (False, True, "a secret")],
)
def test_elsewhere_a_secret_and_tls_are_needed_both(host, secret, encrypted, lacks):
    assert not is_own(host)
    with pytest.raises(SettingError, match=f"lacks {lacks}.* Do this"):
        check_place("An engine", host, secret=secret, encrypted=encrypted, cure="Do this.")
    check_place("An engine", host, secret=True, encrypted=True, cure="")


@pytest.mark.parametrize("host", [*OTHERS, ""])
def test_an_index_server_does_not_open_to_others_without_token_and_certificate(host, monkeypatch):
    opened = []
    monkeypatch.setattr("grpc.server", lambda *a, **kw: opened.append(a))
    for token in ("", "secret"):
        with pytest.raises(SettingError, match="reached by others"):
            server(host=host, token=token)
    assert opened == []


def test_an_index_server_listens_on_this_machine_by_default():
    found = server()
    found.start()
    try:
        IndexChannel(f"127.0.0.1:{found.port}").close()
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        lines += Path("/proc/net/tcp6").read_text().splitlines()[1:]
        end = f":{found.port:04X}"
        places = {line.split()[1].removesuffix(end) for line in lines
                  if line.split()[1].endswith(end) and line.split()[3] == "0A"}  # fmt: skip
        assert places <= {"0100007F", "0000000000000000FFFF00000100007F"}
        assert places
    finally:
        found.stop()


@pytest.mark.parametrize("host", [host for host in OTHERS if host not in ("0.0.0.0", "::")])
@pytest.mark.parametrize("form", ["{}:8050", "dns:///{}:8050", "dns:{}:8050", "localhost:1,{}:2"])
def test_a_remote_index_without_secret_and_tls_is_not_asked(host, form, monkeypatch):
    target = form.format(f"[{host}]" if ":" in host else host)
    made = []
    monkeypatch.setattr("grpc.insecure_channel", lambda *a, **kw: made.append(a))
    monkeypatch.setattr("grpc.secure_channel", lambda *a, **kw: made.append(a))
    for options in ({}, {"token": "secret"}, {"certificate": b"pem"}):
        with pytest.raises(SettingError, match=r"FAQDESK_INDEX_TOKEN.*FAQDESK_INDEX_CA"):
            IndexChannel(target, **options)
    assert made == []
    IndexChannel(target, token="secret", certificate=b"pem")
    assert len(made) == 1


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("localhost:8050", "localhost"), ("[::1]:8050", "::1"), ("::1", "::1"),
        ("unix:/run/index", ""), ("unix:///run/index", ""), ("ipv4:10.0.0.1:80", "10.0.0.1"),
        ("ipv6:[2001:db8::1]:80", "2001:db8::1"), ("dns://8.8.8.8/index:80", "index"),
        ("127.0.0.1:1,10.0.0.1:1", "10.0.0.1"), ("index", "index"),
    ],
)  # fmt: skip
def test_the_host_of_a_target_as_grpc_writes_it(target, host):
    assert host_of(target) == host


def test_nobody_gets_in_with_a_wrong_token_or_none():
    found = server(token="right")
    found.index = None
    found.start()
    try:
        for token in ("", "wrong", "righ", "right ", "RIGHT"):
            with (
                IndexChannel(f"127.0.0.1:{found.port}", token=token) as caller,
                pytest.raises(IndexServerError, match="UNAUTHENTICATED"),
            ):
                GrpcIndex(caller, "text")
        with IndexChannel(f"127.0.0.1:{found.port}", token="right") as caller:
            index = GrpcIndex(caller, "text")
            index.add(np.array([1]), np.eye(4, dtype=np.float32)[:1])
            assert len(index) == 1
    finally:
        found.stop()


@pytest.mark.parametrize(
    "address",
    [
        "redis://queue.example:6379/0", "redis://:word@queue.example:6379/0",
        "rediss://queue.example:6379/0", "redis://10.0.0.5:6379/0", "redis://0.0.0.0/0",
        "rediss://:word@queue.example/0?ssl_cert_reqs=none",
        "rediss://:word@queue.example/0?ssl%5Fcert_reqs=none",
        "rediss://:word@queue.example/0?ssl_check_hostname=false", "redis://user@queue.example/0",
    ],
)  # fmt: skip
def test_a_queue_elsewhere_needs_a_password_and_tls(address, space, monkeypatch):
    made = []
    monkeypatch.setattr(job_queue, "RedisHuey", lambda *a, **kw: made.append(kw))
    monkeypatch.setenv(redis_queue.REDIS, address)
    with pytest.raises(SettingError, match="FAQDESK_REDIS"):
        job_queue.queue(space.home / "q.db", "x")
    assert made == []
    # Told by `faqdesk serve` itself, before anything is started.
    begun = []
    monkeypatch.setattr(serve, "_Beside", begun.append)
    monkeypatch.setattr(backlog, "Server", lambda *a, **kw: begun.append(a))
    with pytest.raises(SettingError, match="FAQDESK_REDIS"):
        serve.serve(space, host="127.0.0.1", port=0, workers=1)
    assert begun == []


@pytest.mark.parametrize(
    "address",
    ["redis://localhost:6379/0", "redis://127.0.0.1/1", "redis://[::1]:6379/0", "unix:///run/redis",
     "rediss://:word@queue.example:6379/0"],
)  # fmt: skip
def test_a_queue_here_or_behind_both_is_used(address, space, monkeypatch):
    made = []
    monkeypatch.setattr(job_queue, "RedisHuey", lambda *a, **kw: made.append(kw))
    monkeypatch.setenv(redis_queue.REDIS, address)
    job_queue.queue(space.home / "q.db", "x")
    assert len(made) == 1


STRANGERS = [
    ("10.0.0.7", {}),
    ("93.184.216.34", {"X-Forwarded-For": "127.0.0.1", "Host": "localhost"}),
    ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
    ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
    ("127.0.0.1", {"Host": "desk.example.com"}),
    ("127.0.0.1", {"Host": "localhost.example.com"}),
    ("10.0.0.7", {"Authorization": "Bearer fd_wrong"}),
    ("10.0.0.7", {"Authorization": "Basic fd_wrong"}),
]


def test_figures_are_told_to_this_machine_alone_or_by_a_token(space):
    client = create_app(space).test_client()
    for remote, headers in STRANGERS:
        place = {"REMOTE_ADDR": remote}
        answer = client.get("/metrics", headers=headers, environ_base=place)
        assert answer.status_code in (401, 403), (remote, headers)
        assert b"faqdesk_" not in answer.data
    own = client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})
    assert own.status_code == 200


@pytest.mark.parametrize("command", ["serve", "serve-index"])
def test_servers_listen_on_this_machine_unless_told_otherwise(command):
    from web.cli import faqdesk

    options = {option.name: option for option in faqdesk.get_command(None, command).params}
    assert options["host"].default == "127.0.0.1"
    assert is_own(options["host"].default)


def test_serve_index_refuses_every_address_by_its_exit_code(tmp_path):
    folder = tmp_path / "index"
    write_artifact(folder, kind="index", config={}, files=FaissIndex(4).snapshot, metrics={})
    words = ["serve-index", "--vectors", str(folder), "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", *words],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
        env={key: value for key, value in os.environ.items() if not key.startswith("FAQDESK")},
    )  # fmt: skip
    assert done.returncode
    assert "lacks a secret that callers show and TLS" in done.stderr


@pytest.fixture
def ray_given(monkeypatch, tmp_path):
    """Gives this process what Ray reads of a token and TLS; without anything it has neither."""
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pem").write_text("a certificate")

    def given(*, token=False, tls=False, **more):
        if token:
            more = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a token"} | more
        if tls:
            pem = str(tmp_path / "pem")
            more = {"RAY_TLS_SERVER_KEY": pem, "RAY_TLS_CA_CERT": pem} | more
            more = {"RAY_USE_TLS": "1", "RAY_TLS_SERVER_CERT": pem} | more
        for name, value in more.items():
            monkeypatch.setenv(name, value)

    return given


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.parametrize(
    ("given", "lacks"),
    [({}, "a secret.* and TLS"), ({"token": True}, "TLS"), ({"tls": True}, "a secret")],
)
def test_a_ray_cluster_elsewhere_needs_a_token_and_tls(host, given, lacks, ray_given):
    ray_given(**given)
    address = f"[{host}]:6379" if ":" in host else f"{host}:6379"
    with pytest.raises(SettingError, match=f"lacks {lacks}.*RAY_AUTH_MODE=token.*RAY_USE_TLS=1"):
        engine_named("ray", address=address)
    ray_given(token=True, tls=True)
    engine_named("ray", address=address)


@pytest.mark.parametrize(
    "more",
    [
        {"RAY_AUTH_MODE": "disabled"}, {"RAY_AUTH_TOKEN": ""}, {"RAY_USE_TLS": "0"},
        {"RAY_TLS_CA_CERT": "/not/there"}, {"RAY_TLS_SERVER_KEY": ""},
        {"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": "/not/there"},
    ],
)  # fmt: skip
def test_half_a_token_or_half_of_tls_is_none(more, ray_given):
    ray_given(token=True, tls=True, **more)
    with pytest.raises(SettingError, match="lacks"):
        engine_named("ray", address="10.0.0.1:6379")


def test_a_token_may_lie_in_a_file(ray_given, tmp_path):
    ray_given(tls=True, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(tmp_path / "pem"))
    engine_named("ray", address="10.0.0.1:6379")
    ray_given(RAY_AUTH_TOKEN_PATH="")
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("  \n")
    with pytest.raises(SettingError, match="lacks a secret"):
        engine_named("ray", address="10.0.0.1:6379")
    (tmp_path / ".ray" / "auth_token").write_text("a token")
    engine_named("ray", address="10.0.0.1:6379")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ray://10.0.0.1:10001", "client's door.*--address HOST:6379"),
        ("10.0.0.1", "HOST:PORT"), ("10.0.0.1:", "HOST:PORT"), (":6379", "HOST:PORT"),
        ("localhost:0", "HOST:PORT"), ("localhost:66000", "HOST:PORT"), ("auto", "HOST:PORT"),
    ],
)  # fmt: skip
def test_an_address_that_is_no_cluster_is_refused_with_its_cure(address, words, ray_given):
    ray_given(token=True, tls=True)
    with pytest.raises(SettingError, match=words):
        engine_named("ray", address=address)


def test_a_cluster_is_never_taken_from_the_environment_unsaid(ray_given):
    ray_given(RAY_ADDRESS="10.0.0.1:6379")
    with pytest.raises(SettingError, match=r"--address 10\.0\.0\.1:6379, or --address local"):
        engine_named("ray")
    engine_named("ray", address="local")


def test_machines_elsewhere_are_refused_behind_a_door_on_this_one(ray_given):
    check_hosts(["127.0.0.1", "127.0.0.3"])
    with pytest.raises(SettingError, match=r"on 10\.0\.0\.2 can be reached by others"):
        check_hosts(["127.0.0.1", "10.0.0.2"])


def test_a_cluster_of_this_machine_is_reached_by_this_process_alone(ray_given):
    code = (
        "import ray\n"
        "from support.ray_engine import RayEngine\n"
        "with RayEngine('local', parallel=1):\n"
        "    print('GCS', ray.get_runtime_context().gcs_address, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT,
    ) as process:  # fmt: skip
        address = next(line for line in process.stdout if line.startswith("GCS")).split()[1]
        hosts, ports = zip(*listening(family(process.pid)), strict=True)
        assert int(address.rpartition(":")[2]) in ports
        assert {host for host in hosts if host not in LOOPBACK} == set()
        with pytest.raises(SettingError, match="asks for a token"):
            check_door(address)
        process.communicate("\n")
    assert process.returncode == 0


def family(pid):
    """A process and all that came of it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(") ")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listening(pids):
    """Where processes listen: hosts, as the system writes them, with their ports."""
    sockets = set()
    for pid in pids:
        with suppress(OSError):
            sockets |= {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line.split() for name in ("tcp", "tcp6")
             for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]  # fmt: skip
    places = [line[1].split(":") for line in lines
              if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]  # fmt: skip
    return [(host, int(port, 16)) for host, port in places]


def test_a_cluster_that_lets_strangers_in_is_not_joined_even_here(ray_given):
    with ray_cluster(more=0, given={"RAY_AUTH_MODE": "disabled"}) as cluster:
        for token in (False, True):  # it takes a token as well, and nothing comes of it
            ray_given(token=token)
            with (
                pytest.raises(SettingError, match=r"lets in who has no token.*RAY_AUTH_MODE=token"),
                RayEngine(cluster.address),
            ):
                pass

"""Has the items of a run done by a Ray cluster, each by a process that has the work open.

Starts a cluster for the run, or connects to a running one; who does what is `ray_sharing`'s matter.
Ray is imported when a run begins, and in this file alone.
"""

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final, Self

from .batch import Item, Opener, Result
from .errors import FaqdeskError
from .ray_places import LOCAL, check_door, check_hosts, ray_place
from .ray_sharing import Sharing
from .ray_worker import Given
from .scratch import scratch

_STORE: Final = 100 << 20  # bytes for what travels, on this machine: items and receipts are small


class RayEngine:
    """Does items on a Ray cluster.

    Opened as a context it keeps the cluster for several runs; else each run opens its own.
    """

    def __init__(self, address: str = "local", *, parallel: int | None = None) -> None:
        """Name the cluster.

        Args:
            address: "local": one that is started for the run on this machine, and ends with it;
                host:port of a running one.
            parallel: items at once; None: as many as the cluster has cores.

        Raises:
            SettingError: this address is not used; see `ray_places`.
        """
        self._at = ray_place(address)
        self._parallel = parallel
        self._ray: Any = None
        self._open = ExitStack()
        self._place = ""

    @property
    def place(self) -> str:
        """Where the work is done, once that is known."""
        return self._place

    def __enter__(self) -> Self:
        """Start the cluster, or connect to it.

        Raises:
            FaqdeskError: Ray is not installed, or the cluster cannot be started or reached.
            SettingError: others can reach the cluster without a token.
        """
        with ExitStack() as opened:
            ray = opened.enter_context(
                _started(self._parallel) if self._at.started else _connected(self._at.address)
            )
            check_hosts([node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]])
            self._ray = ray
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster; one that was started for the run ends."""
        self._ray = None
        self._open.close()

    def run(
        self, items: Sequence[Item], opener: Opener[Item, Result]
    ) -> Generator[Result, None, None]:
        """Do each item once; see `batch.Engine.run`."""
        if not items:
            return
        with ExitStack() as opened:
            if self._ray is None:
                opened.enter_context(self)
            sharing = Sharing(self._ray, Given.of(opener), parallel=self._parallel)
            results = opened.enter_context(closing(sharing.share(items)))
            for result in results:
                self._place = sharing.place
                yield result


def _import_ray() -> Any:
    # Ray says what it did on its own initiative; nothing of it is for whoever reads our progress.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # told to its makers otherwise
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise FaqdeskError(
            'Ray is not installed on this machine: pip install "faqdesk[scale]"'
        ) from error
    return ray


@contextmanager
def _started(parallel: int | None) -> Iterator[Any]:
    """A cluster on this machine for this process; nobody else reaches it."""
    with _own_token(), scratch("ray") as folder:
        ray = _import_ray()
        with _loopback(ray):
            yield from _joined(
                ray,
                address=LOCAL,
                num_cpus=parallel or os.cpu_count() or 1,
                include_dashboard=False,
                object_store_memory=_STORE,
                _temp_dir=str(folder),
            )


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A running cluster."""
    ray = _import_ray()
    check_door(address)
    yield from _joined(ray, address=address)


def _joined(ray: Any, **options: Any) -> Iterator[Any]:
    if ray.is_initialized():
        raise FaqdeskError("This process is part of a Ray cluster already. Leave that one first.")
    with _ending_in_order() as set_again, _quiet(ray):
        try:
            try:
                _read_again(ray)
                ray.init(
                    **options,
                    job_config=_no_folders(ray),
                    logging_level=logging.CRITICAL,
                    log_to_driver=False,
                    namespace="faqdesk",
                )
            except Exception as error:  # Ray's, gRPC's, or Python's: whatever it met
                raise _not_joined(options["address"], error) from error
            set_again()
            yield ray
        finally:
            ray.shutdown()


def _not_joined(address: str, error: Exception) -> FaqdeskError:
    words = f"{type(error).__name__}: {error}".splitlines()[0]
    if address == LOCAL:
        return FaqdeskError(f"No Ray cluster could be started on this machine: {words}")
    return FaqdeskError(
        f"The Ray cluster at {address} cannot be joined from this machine ({words}). This machine "
        f"must be one of it (ray start --address={address}), with the same Ray and Python."
    )


@contextmanager
def _own_token() -> Iterator[None]:
    """A token for a cluster of this process: not even others of this machine have it.

    Given in the environment, so that Ray writes none into the person's home.
    """
    ours = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USE_TLS": "0"}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _read_again(ray: Any) -> None:
    """Have Ray read whether it shows a token, and which: it does so once, when it is imported."""
    ray._raylet.Config.initialize("")
    ray._raylet.AuthenticationTokenLoader.instance().reset_cache()


def _no_folders(ray: Any) -> Any:
    """What keeps Ray from having every worker look for modules in the driver's current folder.

    It does so first of all, even before the libraries: whoever runs a command among files that
    somebody sent would run those that are named like a module. Where the work brings a folder of
    its own Ray leaves that out, and there is no other way to have it left out.
    """

    class Config(ray.job_config.JobConfig):  # type: ignore[misc]
        def _runtime_env_has_working_dir(self) -> bool:
            return True

    return Config()


@contextmanager
def _loopback(ray: Any) -> Iterator[None]:
    """Have Ray listen on this machine alone.

    Asked for 127.0.0.1 it takes the machine's address instead, and listens on every one. The switch
    by which it keeps to itself on desktops is the only way to the other.
    """
    constants = ray._private.ray_constants
    before = constants.ENABLE_RAY_CLUSTER
    constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _quiet(ray: Any) -> Iterator[None]:
    """Keep Ray's words about workers that died from standard output, where the report goes.

    It prints them there whatever `log_to_driver` says; what matters of it comes as an error.
    """
    worker = ray._private.worker
    before = worker.print_to_stdstream
    worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        worker.print_to_stdstream = before


@contextmanager
def _ending_in_order() -> Iterator[Callable[[], Any]]:
    """Have SIGTERM end this process as Ctrl-C does, and what it began with it.

    Yields what says so again: Ray has its own answer to the signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield lambda: signal.signal(signal.SIGTERM, _end)
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _: Any) -> None:
    raise SystemExit(128 + number)

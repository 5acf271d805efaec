# SPDX-License-Identifier: MIT
"""A function over many tasks: in this process, in worker processes, or on a Dask cluster; answers as they come."""
from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def limited(tasks: Iterable[Any], limit: int | None) -> Iterable[Any]:
    """Yield at most this many tasks; None for all."""
    return tasks if limit is None else islice(tasks, limit)


def _quiet(parent: int) -> None:
    """Workers leave Ctrl-C to the parent, and end when it is killed (on Linux)."""
    import ctypes
    import signal
    import sys

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        setParentDeathSignal = 1
        ctypes.CDLL(None).prctl(setParentDeathSignal, signal.SIGKILL)
        # It may have been killed while this worker started: then no signal will come.
        if os.getppid() != parent:
            os._exit(1)


def _runHere(function: Callable[..., Any], tasks: Iterable[Any],
             arguments: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    for task in tasks:
        yield task, function(task, *arguments)


def _runProcesses(function: Callable[..., Any], tasks: Iterable[Any], arguments: tuple[Any, ...],
                  processes: int) -> Iterator[tuple[Any, Any]]:
    """Worker processes. One that dies takes the tasks in flight with it: each is tried again alone, once."""
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    tasks = iter(tasks)
    waiting: dict[Future[Any], Any] = {}
    suspects: list[Any] = []
    pool = ProcessPoolExecutor(processes, context, _quiet, (os.getpid(),))
    try:
        while True:
            for task in islice(tasks, 2 * processes - len(waiting)):
                waiting[pool.submit(function, task, *arguments)] = task
            if not waiting:
                break
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            broken = [future for future in done if isinstance(future.exception(), BrokenProcessPool)]
            for future in done:
                if future not in broken:
                    yield waiting.pop(future), future.exception() or future.result()
            if broken:
                suspects += waiting.values()
                waiting.clear()
                pool.shutdown(wait=False, cancel_futures=True)
                for task in suspects:
                    with ProcessPoolExecutor(1, context, _quiet, (os.getpid(),)) as single:
                        future = single.submit(function, task, *arguments)
                        yield task, future.exception() or future.result()
                suspects.clear()
                pool = ProcessPoolExecutor(processes, context, _quiet, (os.getpid(),))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _runDask(function: Callable[..., Any], tasks: Iterable[Any], arguments: tuple[Any, ...],
             cluster: str) -> Iterator[tuple[Any, Any]]:
    try:
        from dask.distributed import Client, LocalCluster, as_completed
    except ImportError as error:
        raise ImportError("a Dask cluster needs the package dask, which is not installed; run "
                          "'pip install \"dask[distributed]\"'") from error
    own = LocalCluster(n_workers=os.cpu_count(), threads_per_worker=1, dashboard_address=None) \
        if cluster == "local" else None
    tasks = iter(tasks)
    try:
        with Client(own if own is not None else cluster) as client:
            window = 4 * max(1, sum(client.nthreads().values()))
            names = {}

            def submit(task: Any) -> Any:
                future = client.submit(function, task, *arguments, pure=False, retries=1)
                names[future.key] = task
                return future

            stream = as_completed([submit(task) for task in islice(tasks, window)])
            for future in stream:
                task = names.pop(future.key)
                yield task, future.exception() or future.result()
                for following in islice(tasks, 1):
                    stream.add(submit(following))
    finally:
        if own is not None:
            own.close()


def run(function: Callable[..., Any], tasks: Iterable[Any], arguments: tuple[Any, ...] = (),
        processes: int | None = None, cluster: str | None = None) -> Iterator[tuple[Any, Any]]:
    """Compute function(task, *arguments) for all tasks.

    Parameters
    ----------
    function : callable
        A function of a module, so that workers can import it.
    tasks : iterable
        Read only as fast as answers come, so it may be endless.
    arguments : tuple
        Further arguments, the same for every task.
    processes : int, optional
        Worker processes; 1 computes in this process; default: the cores that this process may use.
    cluster : str, optional
        Address of a Dask scheduler, or "local"; then processes is not used.

    Yields
    ------
    tuple
        Task, and its answer or the exception that it raised; in the order in which answers come.

    Raises
    ------
    ImportError
        If Dask is asked for and not installed.
    ValueError
        For a number of processes below 1.
    """
    if cluster is not None:
        return _runDask(function, tasks, arguments, cluster)
    processes = len(os.sched_getaffinity(0)) if processes is None else processes
    if processes < 1:
        raise ValueError(f"run: expected at least 1 process, got {processes}")
    return _runHere(function, tasks, arguments) if processes == 1 else _runProcesses(function, tasks, arguments,
                                                                                    processes)

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


class _Tasks:
    """Tasks that are given out, and their answers on the way back: as they come, or in the order of the tasks.

    In order, an answer waits for those of earlier tasks. So that few wait, no more than five times the limit of give()
    are given out beyond the first one without an answer.
    """

    def __init__(self, tasks: Iterable[Any], inOrder: bool) -> None:
        self._tasks, self._inOrder = iter(tasks), inOrder
        self._numGiven = self._numAnswered = self._numPassed = 0
        self._ready: dict[int, tuple[Any, Any]] = {}

    def give(self, limit: int) -> Iterator[tuple[int, Any]]:
        """Yield numbers and tasks, until so many tasks are without an answer."""
        while self._numGiven - self._numAnswered < limit and self._numGiven - self._numPassed < 5 * limit:
            following = list(islice(self._tasks, 1))
            if not following:
                return
            self._numGiven += 1
            yield self._numGiven - 1, following[0]

    def take(self, number: int, task: Any, answer: Any) -> Iterator[tuple[Any, Any]]:
        """Take the answer of a task; yield the tasks and answers whose turn it is."""
        self._numAnswered += 1
        self._ready[number] = task, answer
        turn = self._numPassed if self._inOrder else number
        while turn in self._ready:
            self._numPassed += 1
            yield self._ready.pop(turn)
            turn += 1


def runAlone(function: Callable[..., Any], task: Any, arguments: tuple[Any, ...]) -> Any:
    """Get function(task, *arguments) of a process of its own, or the exception that it raised or died of."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _quiet, (os.getpid(),)) as single:
        future = single.submit(function, task, *arguments)
        return future.exception() or future.result()


def _runHere(function: Callable[..., Any], tasks: Iterable[Any],
             arguments: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    for task in tasks:
        yield task, function(task, *arguments)


def _runProcesses(function: Callable[..., Any], tasks: _Tasks, arguments: tuple[Any, ...],
                  processes: int) -> Iterator[tuple[Any, Any]]:
    """Worker processes. One that dies takes the tasks in flight with it: each is tried again alone, once."""
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    waiting: dict[Future[Any], tuple[int, Any]] = {}
    pool = ProcessPoolExecutor(processes, context, _quiet, (os.getpid(),))
    probe = pool.submit(os.getpid)
    try:
        while True:
            for number, task in tasks.give(2 * processes):
                waiting[pool.submit(function, task, *arguments)] = number, task
            if not waiting:
                break
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            broken = [future for future in done if isinstance(future.exception(), BrokenProcessPool)]
            for future in done:
                if future not in broken:
                    yield from tasks.take(*waiting.pop(future), future.exception() or future.result())
            if broken and probe.exception() is not None:
                raise RuntimeError("run: expected worker processes that start, got some that ended at once; in a "
                                   "script, call this under 'if __name__ == \"__main__\":', because workers import the "
                                   "script; otherwise see what they wrote")
            if broken:
                suspects = [*waiting.values()]
                waiting.clear()
                pool.shutdown(wait=False, cancel_futures=True)
                for number, task in suspects:
                    yield from tasks.take(number, task, runAlone(function, task, arguments))
                pool = ProcessPoolExecutor(processes, context, _quiet, (os.getpid(),))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _connect(cluster: Any) -> Any:
    """Get a client of a Dask scheduler."""
    from dask.distributed import Client

    try:
        return Client(cluster)
    except (ValueError, OSError, AssertionError) as error:
        reason = " ".join(str(error).split()) or "no such address"
        raise ValueError("run: expected \"local\", or the address of a Dask scheduler that answers, such as "
                         f"tcp://host:8786, got '{cluster}' ({reason})") from error


def _runDask(function: Callable[..., Any], tasks: _Tasks, arguments: tuple[Any, ...],
             cluster: str) -> Iterator[tuple[Any, Any]]:
    try:
        from dask.distributed import CancelledError, LocalCluster, as_completed
    except ImportError as error:
        raise ImportError("a Dask cluster needs the package dask, which is not installed; run "
                          "'pip install \"dask[distributed]\"'") from error
    own = LocalCluster(n_workers=os.cpu_count(), threads_per_worker=1, dashboard_address=None) \
        if cluster == "local" else None
    try:
        with _connect(own if own is not None else cluster) as client:
            window = 4 * max(1, sum(client.nthreads().values()))
            given = {}

            def submit() -> list[Any]:
                futures = []
                for number, task in tasks.give(window):
                    futures.append(client.submit(function, task, *arguments, pure=False, retries=1))
                    given[futures[-1].key] = number, task
                return futures

            stream = as_completed(submit())
            for future in stream:
                yield from tasks.take(*given.pop(future.key), future.exception() or future.result())
                stream.update(submit())
    except CancelledError as error:
        raise ConnectionError(f"run: expected a Dask scheduler at '{cluster}' until the end, got none; see after it "
                              f"and repeat the call ({' '.join(str(error).split())[-200:]})") from error
    finally:
        if own is not None:
            own.close()


def run(function: Callable[..., Any], tasks: Iterable[Any], arguments: tuple[Any, ...] = (),
        processes: int | None = None, cluster: str | None = None,
        inOrder: bool = False) -> Iterator[tuple[Any, Any]]:
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
        Worker processes; 1 computes in this process, where exceptions are raised; default: the cores that this
        process may use.
    cluster : str, optional
        Address of a Dask scheduler, or "local"; then processes is not used.
    inOrder : bool
        Answers in the order of the tasks; those that come early wait, a bounded number of them. Otherwise in the order
        in which they come.

    Yields
    ------
    tuple
        Task, and its answer or the exception that it raised.

    Raises
    ------
    ImportError
        If Dask is asked for and not installed.
    RuntimeError
        If workers end before their first task, as those of a script without ``if __name__ == "__main__":`` do.
    ValueError
        For a number of processes below 1, and an address without a Dask scheduler.
    """
    if cluster is not None:
        return _runDask(function, _Tasks(tasks, inOrder), arguments, cluster)
    processes = len(os.sched_getaffinity(0)) if processes is None else processes
    if processes < 1:
        raise ValueError(f"run: expected at least 1 process, got {processes}")
    if processes == 1:
        return _runHere(function, tasks, arguments)
    return _runProcesses(function, _Tasks(tasks, inOrder), arguments, processes)

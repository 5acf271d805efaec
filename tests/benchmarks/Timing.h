// SPDX-License-Identifier: MIT
// How the benchmarks read the time on a machine that other programs use: the shortest of many repetitions.
#ifndef OPENMM_ORBIT_BENCHMARKS_TIMING_H_
#define OPENMM_ORBIT_BENCHMARKS_TIMING_H_

#include <benchmark/benchmark.h>
#include <algorithm>
#include <ctime>

namespace benchSupport {

/** Read the time of this thread, of all threads, or that of the clock on the wall, in seconds. */
inline double readClock(clockid_t clock) {
    timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

/** Run and time something as often as the benchmark asks; get the shortest time in seconds. */
template <class Run>
double measureShortest(benchmark::State& state, Run run, clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
    double shortest = 1e30;
    for (auto _ : state) {
        const double start = readClock(clock);
        run();
        const double seconds = readClock(clock) - start;
        state.SetIterationTime(seconds);
        shortest = std::min(shortest, seconds);
    }
    return shortest;
}

} // namespace benchSupport

#endif // OPENMM_ORBIT_BENCHMARKS_TIMING_H_

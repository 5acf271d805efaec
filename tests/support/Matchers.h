// SPDX-License-Identifier: MIT
// The one comparator of the tests: it looks at sizes first, rejects what is not finite, and names the worst element.
#ifndef OPENMM_ORBIT_TESTS_MATCHERS_H_
#define OPENMM_ORBIT_TESTS_MATCHERS_H_

#include "openmm/Vec3.h"
#include <gtest/gtest.h>
#include <cmath>
#include <exception>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace testSupport {

/** An error is accepted up to absolute + relative |expected|. */
struct Tolerance {
    double relative = 0;
    double absolute = 0;
};

/** Flatten numbers, arrays of numbers (vector, array, ArrayView) and arrays of Vec3 to doubles. */
template <class T>
std::vector<double> toDoubles(const T& values) {
    if constexpr (std::is_arithmetic_v<T>)
        return {(double) values};
    else if constexpr (std::is_same_v<T, OpenMM::Vec3>)
        return {values[0], values[1], values[2]};
    else {
        std::vector<double> result;
        for (const auto& value : values)
            for (double component : toDoubles(value))
                result.push_back(component);
        return result;
    }
}

/** Compare flattened values. Infinity and NaN are never close to anything, not even to themselves. */
inline testing::AssertionResult isCloseFlat(const std::string& what, const std::vector<double>& actual,
        const std::vector<double>& expected, Tolerance tolerance) {
    if (actual.size() != expected.size())
        return testing::AssertionFailure() << what << ": expected " << expected.size() << " values, got "
                << actual.size();
    int worst = -1, numWrong = 0;
    double worstExcess = 0;
    for (int i = 0; i < (int) actual.size(); i++) {
        const double error = std::fabs(actual[i]-expected[i]);
        const double limit = tolerance.absolute+tolerance.relative*std::fabs(expected[i]);
        const bool close = (error <= limit) && std::isfinite(expected[i]);
        if (close)
            continue;
        numWrong++;
        const double excess = std::isfinite(error) ? error-limit : std::numeric_limits<double>::infinity();
        if (worst < 0 || excess > worstExcess) {
            worst = i;
            worstExcess = excess;
        }
    }
    if (numWrong == 0)
        return testing::AssertionSuccess();
    std::ostringstream text;
    text.precision(17);
    text << what << ": " << numWrong << " of " << actual.size() << " values differ, worst at index " << worst
         << ": expected " << expected[worst] << ", got " << actual[worst] << " (error "
         << std::fabs(actual[worst]-expected[worst]) << ", relative tolerance " << tolerance.relative
         << ", absolute tolerance " << tolerance.absolute << ")";
    return testing::AssertionFailure() << text.str();
}

/** Compare two numbers or arrays of the same size. */
template <class A, class E>
testing::AssertionResult isClose(const std::string& what, const A& actual, const E& expected, Tolerance tolerance) {
    return isCloseFlat(what, toDoubles(actual), toDoubles(expected), tolerance);
}

/**
 * Expect that two numbers or arrays agree. The failure is reported at the caller's line.
 *
 * @param what        the stage or quantity, for the message
 * @param actual      a number, or an array of numbers or Vec3
 * @param expected    likewise
 * @param tolerance   from Tolerances.h
 */
template <class A, class E>
void expectClose(const std::string& what, const A& actual, const E& expected, Tolerance tolerance,
        const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    const testing::AssertionResult result = isClose(what, actual, expected, tolerance);
    if (!result)
        ADD_FAILURE_AT(file, line) << result.message();
}

/** Expect that every value is finite. */
template <class A>
void expectFinite(const std::string& what, const A& actual, const char* file = __builtin_FILE(),
        int line = __builtin_LINE()) {
    const std::vector<double> values = toDoubles(actual);
    for (int i = 0; i < (int) values.size(); i++)
        if (!std::isfinite(values[i])) {
            ADD_FAILURE_AT(file, line) << what << ": expected a finite value at index " << i << ", got " << values[i];
            return;
        }
}

/** Expect an error whose text contains these words. */
template <class Error, class Call>
void expectMentions(const std::string& words, Call&& call, const char* file = __builtin_FILE(),
        int line = __builtin_LINE()) {
    try {
        call();
        ADD_FAILURE_AT(file, line) << "expected an error that mentions\n  " << words << "\ngot none";
    }
    catch (const Error& error) {
        if (std::string(error.what()).find(words) == std::string::npos)
            ADD_FAILURE_AT(file, line) << "expected an error that mentions\n  " << words << "\ngot\n  " << error.what();
    }
}

/**
 * Expect that a call throws an exception of type Error with exactly this text.
 */
template <class Error, class Call>
void expectThrows(const std::string& text, Call&& call, const char* file = __builtin_FILE(),
        int line = __builtin_LINE()) {
    try {
        call();
    }
    catch (const Error& error) {
        if (error.what() != text)
            ADD_FAILURE_AT(file, line) << "expected the error text\n  " << text << "\ngot\n  " << error.what();
        return;
    }
    catch (const std::exception& error) {
        ADD_FAILURE_AT(file, line) << "expected the error\n  " << text << "\ngot another type with the text\n  "
                << error.what();
        return;
    }
    ADD_FAILURE_AT(file, line) << "expected the error\n  " << text << "\ngot none";
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_MATCHERS_H_

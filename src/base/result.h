// How expected failure travels: Result<T> holds a value or an Error, and nothing throws across a room's
// border. A programmer's error is an assertion (CODA_ASSERT), not a Result.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace coda {

enum class ErrorCode {
    invalid_argument,  // the caller, a flag or a setting asked for something that makes no sense
    not_found,         // a file, a model, a device is not there
    bad_format,        // outside bytes do not follow their format
    unsupported,       // well-formed, but not in this build
    io,                // the disk or a socket failed
    unavailable,       // a peer or a device does not answer now
    exhausted,         // memory, disk, context or a queue is full
    cancelled,         // a Cancel token was set
    timeout,
    internal,
};

// The stable, lower-case name used in JSON and logs ("bad_format").
const char* to_string(ErrorCode code);

// One failure as a person reads it: what happened, where (file and place in it), how to mend it.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string what;
    std::string where;  // "models/x.gguf: tensor blk.0.attn_q.weight"; empty when there is no place
    std::string mend;   // an instruction; empty when there is none

    // "where: what (mend)" on one line.
    std::string message() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {},
                                  std::string mend = {}) {
    return tl::unexpected<Error>(Error{code, std::move(what), std::move(where), std::move(mend)});
}

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace coda

// Holds in every build type: what it guards is cheap against the damage of going on.
#define CODA_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::coda::assertion_failed(#condition, __FILE__, __LINE__))

#define CODA_CONCAT_(a, b) a##b
#define CODA_CONCAT(a, b) CODA_CONCAT_(a, b)
// CODA_TRY(auto value, expression): the value, or return the error to the caller.
#define CODA_TRY(declaration, expression)                                                          \
    auto CODA_CONCAT(coda_try_, __LINE__) = (expression);                                          \
    if (!CODA_CONCAT(coda_try_, __LINE__))                                                         \
        return tl::unexpected<::coda::Error>(std::move(CODA_CONCAT(coda_try_, __LINE__).error())); \
    declaration = std::move(*CODA_CONCAT(coda_try_, __LINE__))
// CODA_CHECK(expression): for a Status.
#define CODA_CHECK(expression)                                                                  \
    do {                                                                                        \
        auto coda_check_ = (expression);                                                        \
        if (!coda_check_) return tl::unexpected<::coda::Error>(std::move(coda_check_.error())); \
    } while (false)

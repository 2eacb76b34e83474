#include "base/result.h"

namespace coda {

const char* to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::bad_format:
            return "bad_format";
        case ErrorCode::unsupported:
            return "unsupported";
        case ErrorCode::io:
            return "io";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::exhausted:
            return "exhausted";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::timeout:
            return "timeout";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

std::string Error::message() const {
    std::string text = where.empty() ? what : where + ": " + what;
    if (!mend.empty()) text += " (" + mend + ")";
    return text;
}

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "coda: assertion failed: %s at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace coda

#include "models/llm/architecture_keys.h"

#include <cmath>

#include <fmt/format.h>

namespace coda::models::llm {

std::string ArchitectureKeys::name(std::string_view key) const {
    return fmt::format("{}.{}", architecture_, key);
}

bool ArchitectureKeys::has(std::string_view key) const {
    return weights_.metadata().find(name(key)) != weights_.metadata().end();
}

Result<int> ArchitectureKeys::require(std::string_view key, int64_t low, int64_t high) const {
    CODA_TRY(const int64_t value, weights_.require_integer(name(key), low, high));
    return static_cast<int>(value);
}

Result<int> ArchitectureKeys::integer(std::string_view key, int64_t low, int64_t high,
                                      int64_t otherwise) const {
    return has(key) ? require(key, low, high) : static_cast<int>(otherwise);
}

Result<float> ArchitectureKeys::number(std::string_view key, double otherwise) const {
    if (!has(key)) return static_cast<float>(otherwise);
    const auto value = weights_.number(name(key));
    if (!value || !std::isfinite(*value) || *value <= 0) return bad(key, "is not a positive number");
    return static_cast<float>(*value);
}

std::string_view ArchitectureKeys::text(std::string_view key, std::string_view otherwise) const {
    return weights_.string(name(key)).value_or(otherwise);
}

tl::unexpected<Error> ArchitectureKeys::bad(std::string_view key, std::string what) const {
    return fail(ErrorCode::bad_format, std::move(what), fmt::format("{}: {}", weights_.path(), name(key)),
                "fetch or convert the model again");
}

tl::unexpected<Error> ArchitectureKeys::unsupported(std::string_view key, std::string what,
                                                    std::string mend) const {
    return fail(ErrorCode::unsupported, std::move(what), fmt::format("{}: {}", weights_.path(), name(key)),
                std::move(mend));
}

}  // namespace coda::models::llm

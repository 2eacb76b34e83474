// The kept verdict of a model's check: any bytes are one or are refused, and none lets 8 bits in above the
// bound.
#include "models/llm/activation_check.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::models::llm;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto check = parse_activation_check(text, "check.json");
    if (!check) return 0;
    if (!check->int8_weights.empty() && check->kl + check->error > ActivationCheck::kBound) std::abort();
    if (check->text().empty()) std::abort();
    const auto again = parse_activation_check(to_json_text(*check), "check.json");
    if (!again || again->int8_weights != check->int8_weights) std::abort();
    return 0;
}

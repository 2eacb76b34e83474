// Arbitrary bytes as a reply, in chunks that the bytes choose: the clauses must not depend on them.
#include "assistant/clauses.h"

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    coda::assistant::ClauseSplitter whole, pieces;
    std::vector<std::string> a = whole.feed(text), b;
    for (std::string& rest : whole.finish()) a.push_back(std::move(rest));
    for (size_t at = 0; at < size;) {
        const size_t n = std::min<size_t>(1 + data[at] % 7, size - at);
        for (std::string& clause : pieces.feed(text.substr(at, n))) b.push_back(std::move(clause));
        at += n;
    }
    for (std::string& rest : pieces.finish()) b.push_back(std::move(rest));
    CODA_ASSERT(a == b);
    return 0;
}

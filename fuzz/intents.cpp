// Arbitrary bytes as an utterance: recognition must neither crash nor run without bound.
#include "tools/recognizer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const auto kRecognizer = coda::tools::Recognizer::create();
    CODA_ASSERT(kRecognizer);
    const auto utterance = coda::tools::read_words({reinterpret_cast<const char*>(data), size});
    kRecognizer->command(utterance);
    kRecognizer->no_tool(utterance, [](std::string_view) { return false; });
    return 0;
}

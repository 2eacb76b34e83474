// Whisper's vocabulary files: the first byte picks the format, the rest is the file.
#include "models/whisper/vocabulary.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using coda::models::whisper::Vocabulary;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto parsed = data[0] % 3 == 0   ? Vocabulary::parse_list_text(text, "file")
                        : data[0] % 3 == 1 ? Vocabulary::parse_list_json(text, "file")
                                           : Vocabulary::parse_tokenizer_json(text, "file");
    if (!parsed) return 0;
    std::vector<int32_t> every(static_cast<size_t>(parsed->size()) + 2);
    for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<int32_t>(i) - 1;
    parsed->text(every);
    return 0;
}

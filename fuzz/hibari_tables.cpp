// The package's tables: the first byte picks which parser sees the rest.
#include "models/hibari/data/asset.h"
#include "models/hibari/data/dictionary.h"
#include "models/hibari/text/normalise.h"
#include "models/hibari/text/tagger.h"
#include "models/hibari/text/tokenizer.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::models::hibari;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0:
            (void)gunzip(text, "fuzz");
            break;
        case 1:
            if (const auto dictionary = Dictionary::parse(text, "fuzz")) (void)dictionary->find(U"read");
            break;
        case 2:
            if (const auto tagger = Tagger::parse(text, "fuzz")) (void)(*tagger)({U"I", U"read", U"it"});
            break;
        case 3:
            if (const auto tokenizer = Tokenizer::parse(text, "fuzz"))
                (void)(*tokenizer)(U"I can't (really) go.");
            break;
        default:
            (void)Normaliser::parse(text, "fuzz");
            break;
    }
    return 0;
}

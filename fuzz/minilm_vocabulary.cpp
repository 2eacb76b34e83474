// MiniLM's vocab.txt, and texts cut with it: the first half of the input is the file, the rest a text.
#include "models/minilm/word_piece.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using coda::models::minilm::WordPiece;
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::string file = "[UNK]\n[CLS]\n[SEP]\n" + std::string(all.substr(0, size / 2));
    const auto parsed = WordPiece::parse(file, "file");
    if (!parsed) return 0;
    if (parsed->encode(all.substr(size / 2), 64).size() > 64) __builtin_trap();
    return 0;
}

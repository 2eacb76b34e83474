// A GGUF in two parts: the input is cut in the middle, and either half gets the magic and, as its first
// metadata, where it belongs.
#include "runtime/weights.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace {

// "GGUF", version 3, one tensor, three pairs of metadata of which two are here.
std::string part(uint16_t number, const uint8_t* data, size_t size) {
    std::string bytes("GGUF\3\0\0\0\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 24);
    const auto pair = [&](const std::string& key, uint16_t value) {
        const uint64_t length = key.size();
        const uint32_t type = 2;  // u16
        bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
        bytes += key;
        bytes.append(reinterpret_cast<const char*>(&type), sizeof type);
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    pair("split.no", number);
    pair("split.count", 2);
    bytes.append(reinterpret_cast<const char*>(data), size);
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using coda::runtime::Weights;
    const std::string first = part(0, data, size / 2), second = part(1, data + size / 2, size - size / 2);
    std::vector<std::shared_ptr<const Weights>> parts;
    for (const std::string* bytes : {&first, &second}) {
        const auto parsed = Weights::parse(std::as_bytes(std::span(*bytes)), "fuzz");
        if (!parsed) return 0;
        parts.push_back(*parsed);
    }
    const auto whole = Weights::join(parts);
    if (!whole) return 0;
    if ((*whole)->tensors().size() != parts[0]->tensors().size() + parts[1]->tensors().size())
        __builtin_trap();
    for (const auto& tensor : (*whole)->tensors())
        if (coda::runtime::is_weight(tensor.dtype) && !tensor.empty()) coda::runtime::to_floats(tensor);
    return 0;
}

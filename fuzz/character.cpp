// A character's file, as a stranger wrote it; what it gives words a reply.
#include "personality/character.h"

#include "personality/wording.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::personality;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto character = parse_character(text, "fuzz");
    if (character) {
        (void)reword({"It's three o'clock.", "time", Act::answer, {}}, character->traits, *character, size);
        return 0;
    }
    // No character: then a reply and what is quoted in it.
    Traits traits;
    for (const Trait trait : kAllTraits)
        traits[trait] = (size >> static_cast<unsigned>(trait) & 1) != 0 ? 0.95 : 0.05;
    (void)reword({text, "recall", Act::answer, {text.substr(size / 3, size / 3), "it's"}}, traits, {}, size);
    return 0;
}

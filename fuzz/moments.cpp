// Arbitrary bytes as a length of time, a moment, the things of a list and the files of /proc.
#include "tools/moments.h"

#include "tools/lists.h"
#include "tools/system_facts.h"
#include "tools/words.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::tools;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto words = phrase_words(text.substr(0, 200));
    const auto now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(15);
    if (const auto length = read_length(words)) CODA_ASSERT(length->count() > 0);
    read_extra_length(words);
    for (const Lean lean : {Lean::next, Lean::alarm, Lean::morning}) {
        const auto moment = read_moment(words, now, lean);
        if (moment) CODA_ASSERT(moment->past == (moment->local <= now));
    }
    for (const std::string& item : split_items(std::string(text))) CODA_ASSERT(!item.empty());
    list_named(std::string(text));
    if (const auto memory = read_memory(text)) CODA_ASSERT(memory->available_bytes <= memory->total_bytes);
    read_load(text);
    read_uptime(text);
    return 0;
}

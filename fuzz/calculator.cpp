// Arbitrary bytes as a sum, a quantity and a day.
#include "tools/calculator.h"

#include "tools/dates.h"
#include "tools/units.h"
#include "tools/words.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto words = coda::tools::phrase_words({reinterpret_cast<const char*>(data), size});
    if (const auto sum = coda::tools::calculate(words)) {
        if (const auto* number = std::get_if<coda::tools::Number>(&*sum)) {
            number->plain();
            number->spoken();
        }
    }
    if (const auto quantity = coda::tools::read_quantity(words)) {
        const auto same = coda::tools::convert(*quantity, *quantity->unit);
        if (same) CODA_ASSERT(same->exact == quantity->amount);
    }
    if (const auto day = coda::tools::read_day(words, coda::tools::Day(std::chrono::days(20780))))
        coda::tools::spoken_day(*day, *day);
    return 0;
}

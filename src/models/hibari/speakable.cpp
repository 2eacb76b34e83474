#include "models/hibari/speakable.h"

#include "models/hibari/reading/addresses.h"
#include "models/hibari/reading/blocks.h"
#include "models/hibari/reading/inline.h"
#include "models/hibari/reading/quantities.h"
#include "models/hibari/reading/signs.h"

namespace coda::models::hibari {

std::string speakable(std::string_view utf8) {
    Text text = lines_from_markdown(plain_characters(decode_utf8(utf8)));
    text = without_links_and_tags(std::move(text));
    text = read_addresses(std::move(text));
    text = read_abbreviations(std::move(text));
    text = without_emphasis(std::move(text));
    text = read_times(std::move(text));
    text = read_calculations(std::move(text));
    text = read_money(std::move(text));
    text = read_counts(std::move(text));
    text = read_signs(std::move(text));
    return encode_utf8(without_leftovers(text));
}

}  // namespace coda::models::hibari

// Any text through the layers that make it speakable and cut it up. What comes out is read a second time.
#include "models/hibari/speakable.h"
#include "models/hibari/text/normalise.h"
#include "models/hibari/text/pieces.h"
#include "models/hibari/text/sentences.h"
#include "models/hibari/text/tokenizer.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace coda::models::hibari;

// Small tables with an entry of every kind.
const Normaliser& normaliser() {
    static const auto parsed = Normaliser::parse(R"({
        "months": {"jan":"January","feb":"February","mar":"March","apr":"April","may":"May","jun":"June","jul":"July",
                   "aug":"August","sep":"September","oct":"October","nov":"November","dec":"December"},
        "titles": {"Dr":"Dr"}, "abbreviations": {"vs.":"versus","w/":"with"}, "units": {"km":["kilometer","kilometers"]},
        "symbols": {"=":"equals","*":" ","½":"one half"}, "currency": {"$":["dollar","dollars"],"¢":["cent","cents"]},
        "roman_cardinal": ["Chapter"], "roman_ordinal": ["King"]})",
                                                 "tables");
    if (!parsed) std::abort();
    return *parsed;
}

const Tokenizer& tokenizer() {
    static const auto parsed =
        Tokenizer::parse(R"json({"can't":["ca","n't"],":)":[":)"],"Sept.":["Sept."]})json", "tables");
    if (!parsed) std::abort();
    return *parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string spoken = speakable({reinterpret_cast<const char*>(data), size});
    if (spoken.find_first_of("*`|{}\\") != std::string::npos) std::abort();
    for (const Text& sentence : split_sentences(decode_utf8(spoken), normaliser())) {
        for (const auto& piece : tokenizer()(normaliser()(sentence))) {
            for (const Text& part : cut_pieces(piece.text)) {
                if (part.empty()) std::abort();
            }
        }
    }
    const Text raw = decode_utf8({reinterpret_cast<const char*>(data), size});
    for (const auto& piece : tokenizer()(normaliser()(raw))) (void)cut_pieces(piece.text);
    return 0;
}

#include "models/hibari/text/sentences.h"

#include "models/hibari/text/scan.h"

#include <algorithm>

namespace coda::models::hibari {

namespace {

bool ends_sentence(TextView line, size_t end, char32_t next, const Normaliser& normaliser) {
    if (is_lower(next)) return false;
    if (line[end - 1] != U'.') return true;
    const size_t space = line.substr(0, end).rfind(U' ');
    TextView word = line.substr(0, end - 1).substr(space == TextView::npos ? 0 : space + 1);
    while (!word.empty() && contains(U"(\"“'‘", word.front())) word.remove_prefix(1);
    return !(normaliser.is_title(word) || (word.size() == 1 && is_upper(word[0])));
}

void split_line(TextView line, const Normaliser& normaliser, std::vector<Text>& out) {
    line = strip(line);
    size_t cut = 0;
    for (size_t end = 1; end < line.size(); ++end) {
        if (!contains(U".!?…", line[end - 1])) continue;
        size_t i = end;
        while (i < line.size() && contains(U"\"”’)]", line[i])) ++i;
        if (!space_at(line, i)) continue;
        while (space_at(line, i)) ++i;
        if (ends_sentence(line, end, line[i], normaliser)) {
            out.emplace_back(line.substr(cut, end - cut));
            cut = i;
        }
        end = i;
    }
    out.emplace_back(line.substr(cut));
}

}  // namespace

std::vector<Text> split_sentences(TextView text, const Normaliser& normaliser) {
    std::vector<Text> out;
    text = strip(text);
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find(U'\n', at), text.size());
        split_line(text.substr(at, end - at), normaliser, out);
        at = end + 1;
    }
    std::erase_if(out, [](const Text& sentence) { return strip(sentence).empty(); });
    return out;
}

std::vector<Text> split_at_pauses(TextView text, size_t most) {
    std::vector<Text> out;
    while (text.size() > most) {
        size_t cut = 0, space = 0;
        for (size_t i = 1; i <= most; ++i) {
            if (text[i] != U' ') continue;
            space = i;
            if (contains(U",;:—", text[i - 1])) cut = i;
        }
        if (cut == 0) cut = space;
        if (cut == 0) cut = most;
        out.emplace_back(text.substr(0, cut));
        text = strip(text.substr(cut));
    }
    if (!text.empty()) out.emplace_back(text);
    return out;
}

}  // namespace coda::models::hibari

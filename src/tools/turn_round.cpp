#include "tools/builtin.h"

#include <array>
#include <string_view>
#include <vector>

namespace coda::tools {
namespace {

struct Swap {
    std::string_view from, to;
};
constexpr std::array kSwaps = {
    Swap{"i", "you"},        Swap{"me", "you"},          Swap{"my", "your"},
    Swap{"mine", "yours"},   Swap{"myself", "yourself"}, Swap{"i'm", "you're"},
    Swap{"i've", "you've"},  Swap{"i'd", "you'd"},       Swap{"i'll", "you'll"},
    Swap{"am", "are"},       Swap{"we", "you"},          Swap{"us", "you"},
    Swap{"our", "your"},     Swap{"ours", "yours"},      Swap{"we're", "you're"},
    Swap{"we've", "you've"}, Swap{"you", "I"},           Swap{"your", "my"},
    Swap{"yours", "mine"},   Swap{"you're", "I'm"},      Swap{"ourselves", "yourselves"},
    Swap{"we'll", "you'll"}, Swap{"we'd", "you'd"},
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view swapped(const std::string& word) {
    for (const Swap& swap : kSwaps)
        if (swap.from == word) return swap.to;
    return {};
}

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' ||
           static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string turn_round(const std::string& fact) {
    std::string out, before;
    for (size_t at = 0; at < fact.size();) {
        if (!letter(fact[at])) {
            out.push_back(fact[at++]);
            continue;
        }
        size_t end = at;
        while (end < fact.size() && letter(fact[end])) ++end;
        const std::string word = fact.substr(at, end - at), key = lower(word);
        const std::string_view other = swapped(key);
        // "I was" needs "you were"; "it was" stays. The middle of "I am" turns with its subject.
        if (key == "was" && before == "i")
            out += "were";
        else if (key == "am" && (before != "i" && !before.empty()))
            out += word;
        else
            out += other.empty() ? std::string_view(word) : other;
        before = key;
        at = end;
    }
    while (!out.empty() && (out.back() == '.' || out.back() == '!' || out.back() == ' ')) out.pop_back();
    return out;
}

}  // namespace coda::tools

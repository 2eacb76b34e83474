#include "personality/phrasing.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace coda::personality {
namespace {

struct Swap {
    std::string_view from, to;
};

// Whole words, outside of names: a contraction with a capital letter counts at the start of a sentence alone.
constexpr std::array kContractions = {
    Swap{"it's", "it is"},           Swap{"that's", "that is"},     Swap{"there's", "there is"},
    Swap{"here's", "here is"},       Swap{"what's", "what is"},     Swap{"you're", "you are"},
    Swap{"we're", "we are"},         Swap{"they're", "they are"},   Swap{"I'm", "I am"},
    Swap{"I've", "I have"},          Swap{"you've", "you have"},    Swap{"we've", "we have"},
    Swap{"I'll", "I will"},          Swap{"you'll", "you will"},    Swap{"we'll", "we will"},
    Swap{"it'll", "it will"},        Swap{"that'll", "that will"},  Swap{"can't", "cannot"},
    Swap{"don't", "do not"},         Swap{"doesn't", "does not"},   Swap{"didn't", "did not"},
    Swap{"won't", "will not"},       Swap{"haven't", "have not"},   Swap{"hasn't", "has not"},
    Swap{"isn't", "is not"},         Swap{"aren't", "are not"},     Swap{"wasn't", "was not"},
    Swap{"weren't", "were not"},     Swap{"couldn't", "could not"}, Swap{"wouldn't", "would not"},
    Swap{"shouldn't", "should not"}, Swap{"let's", "let us"},
};
// Starts of sentences, whole words.
constexpr std::array kFormalStarts = {
    Swap{"Okay", "Very well"},   Swap{"Hello", "Good day"}, Swap{"Hi", "Good day"},
    Swap{"Goodbye", "Farewell"}, Swap{"Bye", "Farewell"},   Swap{"You're welcome", "It is my pleasure"},
    Swap{"Done", "It is done"},  Swap{"Sure", "Certainly"},
};
constexpr std::array kCasualStarts = {
    Swap{"Okay", "Got it"},     Swap{"Hello", "Hey"},
    Swap{"Goodbye", "See you"}, Swap{"You're welcome", "Anytime"},
    Swap{"Yes", "Yep"},
};
constexpr std::array<std::string_view, 11> kOpenings = {
    "It's ",  "It is ",     "That's ",   "That is ", "Today is ", "You said that ", "You told me that ",
    "Okay, ", "There are ", "There is ", "Here is ",
};
struct Opening {
    std::string_view kind, from;
    std::array<std::string_view, 2> to;
};
constexpr std::array kOtherOpenings = {
    Opening{"time", "It's ", {"The clock says ", "My clock shows "}},
    Opening{"date", "Today is ", {"The calendar says ", "On the calendar it is "}},
    Opening{"date", "It's ", {"The calendar says ", "On the calendar it is "}},
    Opening{"calculate", "That's ", {"That comes to ", "The result is "}},
    Opening{"recall", "You said that ", {"In your words, ", "You told me once that "}},
    Opening{"list_facts", "You told me that ", {"From you I know that ", "My notes say that "}},
    Opening{"remember", "Okay, I'll remember", {"Tucked away safely", "It's in my notebook now"}},
    Opening{
        "remember", "Okay, I've changed that", {"Crossed out and written anew", "My notebook is set right"}},
};
// Words that can stand alone before a comma or a full stop, where a form of address fits behind them.
constexpr std::array<std::string_view, 12> kInterjections = {
    "Very well", "Good day", "Farewell", "It is my pleasure", "Got it", "Hey", "See you", "Anytime", "Yep",
    "Yes",       "No",       "Okay",
};

bool letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
}
bool word_byte(char c) {
    return letter(c) || c == '\'' || std::isdigit(static_cast<unsigned char>(c));
}
char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
std::string capitalized(std::string text) {
    if (!text.empty()) text[0] = upper(text[0]);
    return text;
}

// The end of `start` in `sentence` where it stands there as whole words; 0 where it does not.
size_t starts_with_words(const std::string& sentence, std::string_view start) {
    if (!sentence.starts_with(start)) return 0;
    const bool whole = sentence.size() == start.size() || !word_byte(sentence[start.size()]);
    return whole ? start.size() : 0;
}

template <size_t N>
std::string with_start(const std::string& sentence, const std::array<Swap, N>& starts) {
    for (const Swap& swap : starts)
        if (const size_t end = starts_with_words(sentence, swap.from))
            return std::string(swap.to) + sentence.substr(end);
    return sentence;
}

// "It's been" is "it has been".
std::string written_out(const Swap& swap, std::string_view after) {
    const bool perfect =
        swap.to.ends_with(" is") && (after.starts_with(" been ") || after.starts_with(" got "));
    if (!perfect) return std::string(swap.to);
    return std::string(swap.to.substr(0, swap.to.size() - 2)) + "has";
}

std::string expanded(const std::string& sentence) {
    std::string out;
    for (size_t at = 0; at < sentence.size();) {
        if (!word_byte(sentence[at])) {
            out += sentence[at++];
            continue;
        }
        size_t end = at;
        while (end < sentence.size() && word_byte(sentence[end])) ++end;
        const std::string word = sentence.substr(at, end - at);
        const auto found = std::find_if(kContractions.begin(), kContractions.end(), [&](const Swap& swap) {
            return word == swap.from || (at == 0 && word == capitalized(std::string(swap.from)));
        });
        if (found == kContractions.end())
            out += word;
        else if (at == 0)
            out += capitalized(written_out(*found, std::string_view(sentence).substr(end)));
        else
            out += written_out(*found, std::string_view(sentence).substr(end));
        at = end;
    }
    return out;
}

// Contracts where more of the sentence follows: "as it is" stays, and so does "I have a".
std::string contracted(const std::string& sentence) {
    std::string out;
    for (size_t at = 0; at < sentence.size();) {
        const bool start_of_word = at == 0 || !word_byte(sentence[at - 1]);
        const Swap* found = nullptr;
        for (const Swap& swap : kContractions) {
            if (!start_of_word || swap.to.ends_with(" have")) continue;
            const std::string_view here = std::string_view(sentence).substr(at, swap.to.size());
            const bool same = here == swap.to || (at == 0 && here == capitalized(std::string(swap.to)));
            const size_t end = at + swap.to.size();
            if (same && end + 1 < sentence.size() && sentence[end] == ' ' && letter(sentence[end + 1])) {
                found = &swap;
                break;
            }
        }
        if (!found) {
            out += sentence[at++];
            continue;
        }
        out += at == 0 ? capitalized(std::string(found->from)) : std::string(found->from);
        at += found->to.size();
    }
    return out;
}

}  // namespace

Kept::Kept(const std::string& text, const std::vector<std::string>& quotes) {
    struct Part {
        size_t begin, end;
    };
    std::vector<Part> parts;
    std::vector<std::string> longest_first = quotes;
    std::sort(longest_first.begin(), longest_first.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    for (const std::string& quote : longest_first) {
        if (quote.size() < 2) continue;
        for (size_t at = text.find(quote); at != std::string::npos;
             at = text.find(quote, at + quote.size())) {
            const size_t end = at + quote.size();
            const bool whole = (at == 0 || !word_byte(text[at - 1]) || !word_byte(quote.front())) &&
                               (end == text.size() || !word_byte(text[end]) || !word_byte(quote.back()));
            const bool free = std::none_of(parts.begin(), parts.end(), [&](const Part& part) {
                return at < part.end && part.begin < end;
            });
            if (whole && free) parts.push_back({at, end});
        }
    }
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.begin < b.begin; });
    size_t done = 0;
    for (const Part& part : parts) {
        text_ += text.substr(done, part.begin - done) + kMark;
        parts_.push_back(text.substr(part.begin, part.end - part.begin));
        done = part.end;
    }
    text_ += text.substr(done);
}

std::string Kept::restore(const std::string& reworded) const {
    const bool new_start = reworded.starts_with(kMark) && !text_.starts_with(kMark);
    std::string out;
    size_t next = 0;
    for (const char c : reworded) {
        if (c != kMark)
            out += c;
        else if (next == parts_.size())
            return {};
        else
            out += parts_[next++];
    }
    if (next != parts_.size()) return {};
    return new_start ? capitalized(out) : out;
}

std::vector<std::string> sentences_of(const std::string& text) {
    std::vector<std::string> out;
    size_t begin = 0;
    for (size_t at = 0; at + 2 < text.size(); ++at) {
        const bool end = (text[at] == '.' || text[at] == '!' || text[at] == '?') && text[at + 1] == ' ' &&
                         !std::islower(static_cast<unsigned char>(text[at + 2]));
        if (!end) continue;
        out.push_back(text.substr(begin, at + 1 - begin));
        begin = at + 2;
    }
    out.push_back(text.substr(begin));
    return out;
}

std::string formal(const std::string& sentence) {
    return expanded(with_start(sentence, kFormalStarts));
}

std::string casual(const std::string& sentence) {
    return contracted(with_start(sentence, kCasualStarts));
}

std::string without_opening(const std::string& sentence) {
    for (const std::string_view opening : kOpenings)
        if (sentence.starts_with(opening) && sentence.size() > opening.size() + 1)
            return capitalized(sentence.substr(opening.size()));
    return sentence;
}

std::string with_other_opening(const std::string& sentence, std::string_view kind, uint64_t choice) {
    for (const Opening& opening : kOtherOpenings)
        if (opening.kind == kind && sentence.starts_with(opening.from))
            return std::string(opening.to[choice % opening.to.size()]) + sentence.substr(opening.from.size());
    return sentence;
}

std::string addressed(const std::string& sentence, const std::string& address) {
    if (address.empty() || sentence.empty()) return sentence;
    for (const std::string_view interjection : kInterjections) {
        const size_t end = starts_with_words(sentence, interjection);
        if (end && end < sentence.size() && sentence[end] != ' ')
            return sentence.substr(0, end) + ", " + address + sentence.substr(end);
    }
    // Behind a list or a quotation it would seem a part of that.
    const bool plain_end = sentence.back() == '.' && sentence.size() > 1 &&
                           sentence[sentence.size() - 2] != Kept::kMark &&
                           sentence.find_first_of(":;") == std::string::npos;
    if (!plain_end) return sentence;
    return sentence.substr(0, sentence.size() - 1) + ", " + address + ".";
}

}  // namespace coda::personality

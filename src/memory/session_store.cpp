#include "memory/store.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace coda::memory {
namespace {

constexpr double kRecallBar = 0.6;  // share of the question's content words that a fact must speak of

bool function_word(const std::string& word) {
    static const std::unordered_set<std::string> kWords = {
        "a",     "an",     "the",     "is",        "are",   "was",  "were",  "am",   "be",       "been",
        "of",    "in",     "on",      "at",        "to",    "for",  "from",  "by",   "with",     "and",
        "or",    "that",   "this",    "it",        "its",   "do",   "does",  "did",  "have",     "has",
        "had",   "will",   "would",   "can",       "could", "you",  "your",  "i",    "me",       "my",
        "mine",  "we",     "us",      "our",       "what",  "when", "where", "who",  "which",    "how",
        "why",   "whose",  "again",   "tell",      "told",  "say",  "said",  "know", "remember", "recall",
        "about", "please", "still",   "there",     "he",    "she",  "they",  "so",   "called",   "named",
        "ask",   "asked",  "mention", "mentioned", "much",  "many", "s",     "m",    "re",       "ve",
        "ll",    "d",      "um",      "uh",        "not",   "no"};
    return kWords.count(word) > 0;
}

// Words that mean the same in a question as in a fact.
std::string stem(std::string word) {
    static const std::unordered_map<std::string, std::string> kSame = {
        {"lived", "live"},   {"living", "live"},     {"reside", "live"}, {"parked", "park"},
        {"parking", "park"}, {"mum", "mother"},      {"mom", "mother"},  {"dad", "father"},
        {"mobile", "phone"}, {"telephone", "phone"}, {"cell", "phone"},  {"born", "birthday"},
        {"owed", "owe"},     {"hidden", "hide"},     {"hid", "hide"},    {"favourite", "favorite"},
        {"works", "work"},   {"working", "work"},    {"job", "work"},    {"keys", "key"}};
    if (const auto found = kSame.find(word); found != kSame.end()) return found->second;
    if (word.size() > 3 && word.back() == 's' && word[word.size() - 2] != 's') word.pop_back();
    if (const auto found = kSame.find(word); found != kSame.end()) return found->second;
    return word;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    std::string open;
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || byte >= 0x80)
            open.push_back(static_cast<char>(std::tolower(byte)));
        else if (!open.empty())
            out.push_back(std::exchange(open, {}));
    }
    if (!open.empty()) out.push_back(open);
    return out;
}

std::set<std::string> content_of(const std::vector<std::string>& words) {
    std::set<std::string> out;
    for (const std::string& word : words)
        if (!function_word(word)) out.insert(stem(word));
    return out;
}

// What a fact is about: its words before the verb "is", "are", "was"; all of "I live", "I owe Mary" for an
// action.
std::vector<std::string> subject_of(const std::vector<std::string>& words) {
    static const std::unordered_set<std::string> kVerbs = {"is", "are", "was",  "were",
                                                           "am", "m",   "will", "lives"};
    const auto verb = std::find_if(words.begin(), words.end(),
                                   [](const std::string& word) { return kVerbs.count(word) > 0; });
    return verb == words.end() ? std::vector<std::string>() : std::vector<std::string>(words.begin(), verb);
}

std::set<std::string> shared(const std::set<std::string>& a, const std::set<std::string>& b) {
    std::set<std::string> out;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.begin()));
    return out;
}

// "where do I live" asks with its verb alone; "where" questions are answered by facts that name a place.
double score(const std::set<std::string>& question, const std::string& fact) {
    const std::vector<std::string> words = words_of(fact);
    const std::set<std::string> content = content_of(words);
    if (question.empty()) return 0;
    const std::set<std::string> both = shared(question, content);
    const double coverage = static_cast<double>(both.size()) / static_cast<double>(question.size());
    if (coverage < kRecallBar) return 0;
    // Among facts that cover the question, the one whose subject speaks of nothing else is meant: "my name"
    // is not "my sister's name".
    const std::set<std::string> subject = content_of(subject_of(words));
    if (subject.empty()) return coverage * 0.9;
    const std::set<std::string> in_subject = shared(question, subject);
    const double closeness = static_cast<double>(in_subject.size()) / static_cast<double>(subject.size());
    if (!in_subject.empty() && closeness < 0.5) return 0;
    return coverage * (0.5 + 0.5 * closeness);
}

bool whose_other(const std::vector<std::string>& question, const std::vector<std::string>& subject) {
    // "my sister's birthday" and "my birthday" are about different things, whichever way round.
    static const std::unordered_set<std::string> kPeople = {
        "sister",  "brother", "mother",   "father",    "mom",         "mum",     "dad",         "wife",
        "husband", "son",     "daughter", "friend",    "boss",        "partner", "dog",         "cat",
        "aunt",    "uncle",   "neighbor", "neighbour", "grandmother", "grandma", "grandfather", "cousin"};
    const auto people = [](const std::vector<std::string>& words) {
        std::set<std::string> out;
        for (const std::string& word : words)
            if (kPeople.count(word)) out.insert(stem(word));
        return out;
    };
    return people(question) != people(subject);
}

}  // namespace

Result<std::optional<Fact>> SessionStore::add(const std::string& text, const std::string& source) {
    if (words_of(text).empty()) return fail(ErrorCode::invalid_argument, "an empty fact");
    if (text.size() > kMaxText) return fail(ErrorCode::invalid_argument, "a fact that is too long");
    const std::vector<std::string> words = words_of(text), about = subject_of(words);
    const std::set<std::string> subject = content_of(about);
    std::optional<Fact> replaced;
    const auto same = std::find_if(facts_.begin(), facts_.end(), [&](const Fact& fact) {
        const std::vector<std::string> other = words_of(fact.text);
        return other == words || (!subject.empty() && subject_of(other) == about);
    });
    if (same != facts_.end()) {
        replaced = std::move(*same);
        facts_.erase(same);
    }
    if (facts_.size() >= kMaxFacts)
        return fail(ErrorCode::exhausted, "no more facts fit into this session", {}, "forget some of them");
    facts_.push_back({next_id_++, text, source, std::chrono::system_clock::now()});
    if (replaced && words_of(replaced->text) == words) replaced.reset();
    return replaced;
}

Result<std::vector<Recalled>> SessionStore::search(const std::string& question, size_t limit) {
    const std::vector<std::string> words = words_of(question);
    const std::set<std::string> asked = content_of(words);
    std::vector<Recalled> out;
    for (const Fact& fact : facts_) {
        const std::vector<std::string> subject = subject_of(words_of(fact.text));
        double points = score(asked, fact.text);
        if (points > 0 && !subject.empty() && whose_other(words, subject)) points *= 0.2;
        if (points >= 0.3) out.push_back({fact, points});
    }
    std::stable_sort(out.begin(), out.end(), [](const Recalled& a, const Recalled& b) {
        return a.score != b.score ? a.score > b.score : a.fact.id > b.fact.id;
    });
    if (out.size() > limit) out.resize(limit);
    return out;
}

Status SessionStore::remove(int64_t id) {
    const auto at =
        std::find_if(facts_.begin(), facts_.end(), [&](const Fact& fact) { return fact.id == id; });
    if (at == facts_.end()) return fail(ErrorCode::not_found, "no such fact");
    facts_.erase(at);
    return {};
}

Status SessionStore::clear() {
    facts_.clear();
    return {};
}

}  // namespace coda::memory

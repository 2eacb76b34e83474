#include "tools/recognizer.h"

#include "tools/calculator.h"
#include "tools/dates.h"
#include "tools/moments.h"
#include "tools/pattern_text.h"
#include "tools/time_zone.h"
#include "tools/units.h"
#include "tools/world.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace coda::tools {
namespace {

constexpr size_t kMaxViews = 12;
constexpr size_t kMaxWords = 80;  // a longer utterance is talk
constexpr std::string_view kNoTool = "no_tool.";

bool is_command(std::string_view section) {
    return section != "frame" && section != "tail" && section != "ellipsis" &&
           !section.starts_with("answer.");
}

// What links a place, a day or a quantity to the question before it.
bool links(std::span<const std::string> words) {
    static constexpr std::array<std::string_view, 12> kLinks = {
        "in", "on", "at", "for", "to", "into", "from", "of", "until", "since", "with", "by"};
    return words.size() == 1 && std::find(kLinks.begin(), kLinks.end(), words.front()) != kLinks.end();
}
// What only a question of Coda's makes sense of.
bool is_answer(std::string_view section) {
    return section.starts_with("answer.");
}

// Someone who can be called or written to: one to four words, none of which starts another kind of sentence.
bool names_person(std::span<const std::string> words) {
    static constexpr std::array<std::string_view, 60> kNever = {
        "me",    "us",    "a",      "an",         "it",       "this",    "that",  "what",
        "how",   "why",   "when",   "where",      "who",      "which",   "if",    "whether",
        "story", "joke",  "some",   "something",  "anything", "nothing", "about", "more",
        "time",  "is",    "are",    "was",        "were",     "i",       "you",   "yourself",
        "we",    "they",  "people", "everything", "stories",  "jokes",   "facts", "fact",
        "one",   "truth", "lies",   "difference", "of",       "in",      "on",    "to",
        "with",  "for",   "from",   "at",         "and then", "not",     "no",    "be",
        "do",    "does",  "has",    "="};
    if (words.empty() || words.size() > 4 || words.front() == "the") return false;
    return std::none_of(words.begin(), words.end(), [](const std::string& word) {
        return is_number(word) || std::find(kNever.begin(), kNever.end(), word) != kNever.end();
    });
}

// Whether words name a moment does not hang on the day they are said.
bool names_moment(std::span<const std::string> words) {
    return read_moment(words, Day(std::chrono::days(20000)) + std::chrono::hours(12), Lean::next).has_value();
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// "to call Ann", "about the oven": what follows "remind me".
bool names_task(std::span<const std::string> words) {
    if (words.size() < 2 || words.size() > 25) return false;
    if (words[0] == "not") return words[1] == "to" && words.size() > 2;
    return is_one_of(words[0], {"to", "about", "that", "of"});
}

// "france's": the words without the possessive, or none.
std::vector<std::string> owner(std::span<const std::string> words) {
    if (words.empty() || !words.back().ends_with("'s")) return {};
    std::vector<std::string> out(words.begin(), words.end());
    out.back().resize(out.back().size() - 2);
    return out;
}

// A place that one may ask the whereabouts of; names of small towns are also names of people and things.
bool is_well_known(std::span<const std::string> words) {
    constexpr int64_t kManyPeople = 300'000;
    const City* city = find_city(words);
    return find_country(words) || (city && city->population >= kManyPeople);
}

bool is_continent(std::span<const std::string> words) {
    static constexpr std::array<std::string_view, 6> kContinents = {
        "africa", "asia", "europe", "north america", "south america", "oceania"};
    std::string name;
    for (const std::string& word : words) name += (name.empty() ? "" : " ") + word;
    return std::find(kContinents.begin(), kContinents.end(), name) != kContinents.end();
}

SlotTypes slot_types(std::vector<std::vector<std::string>> programs) {
    using Words = std::span<const std::string>;
    return {
        {"number", [](Words words) { return words.size() == 1 && is_number(words.front()); }},
        {"sum", [](Words words) { return calculate(words).has_value(); }},
        {"quantity", [](Words words) { return words.size() <= 8 && read_quantity(words).has_value(); }},
        {"unit", [](Words words) { return words.size() <= 3 && find_unit(words) != nullptr; }},
        {"day", [](Words words) { return read_day(words, Day(std::chrono::days(20000))).has_value(); }},
        {"length", [](Words words) { return read_length(words).has_value(); }},
        {"extra", [](Words words) { return read_extra_length(words).has_value(); }},
        {"moment", names_moment},
        {"later",
         [](Words words) { return !(words.size() == 1 && is_number(words[0])) && names_moment(words); }},
        {"task", names_task},
        {"deed",
         [](Words words) {
             return names_task(words) && is_one_of(words[0], {"to", "not"});
         }},
        {"place", [](Words words) { return words.size() <= 4 && find_place(words).has_value(); }},
        {"person", names_person},
        {"country", [](Words words) { return words.size() <= 6 && find_country(words); }},
        {"country's", [](Words words) { return words.size() <= 6 && find_country(owner(words)); }},
        {"city", [](Words words) { return words.size() <= 5 && find_city(words); }},
        {"known", [](Words words) { return words.size() <= 6 && is_well_known(words); }},
        {"known's", [](Words words) { return words.size() <= 6 && is_well_known(owner(words)); }},
        {"continent", is_continent},
        {"element", [](Words words) { return words.size() <= 2 && find_element(words); }},
        {"program",
         [programs = std::move(programs)](Words words) {
             return std::any_of(programs.begin(), programs.end(), [&](const std::vector<std::string>& name) {
                 return std::equal(name.begin(), name.end(), words.begin(), words.end());
             });
         }},
        {"link", links},
    };
}

// "setting" -> "set", "making" -> "make", where the patterns know the verb.
std::optional<std::string> plain_form(const std::string& word, const Patterns& patterns) {
    if (word.size() < 5 || !word.ends_with("ing") || word == "nothing" || word == "something")
        return std::nullopt;
    const std::string stem = word.substr(0, word.size() - 3);
    const bool doubled = stem.size() > 2 && stem[stem.size() - 1] == stem[stem.size() - 2];
    for (const std::string& verb : {doubled ? stem.substr(0, stem.size() - 1) : stem + "e", stem})
        if (patterns.knows(verb)) return verb;
    return std::nullopt;
}

// What may be a command in the midst of talk: the sentences, and what stands before and behind a pause.
std::vector<std::vector<Word>> parts_of(const Utterance& utterance) {
    constexpr size_t kMostParts = 8, kShortest = 3;
    std::vector<std::vector<Word>> out;
    const auto put = [&](std::vector<Word> part) {
        if (part.size() >= kShortest && out.size() < kMostParts) out.push_back(std::move(part));
    };
    const std::vector<Word> all = utterance.joined().words;
    for (size_t i = 0; i + 1 < all.size(); ++i) {
        if (!all[i].pause) continue;
        put({all.begin() + static_cast<long>(i) + 1, all.end()});
        put({all.begin(), all.begin() + static_cast<long>(i) + 1});
    }
    if (utterance.sentences.size() > 2)
        for (const Sentence& sentence : utterance.sentences) put(sentence.words);
    return out;
}

// Sections whose sentences are meant wherever they stand: they ask for something to be done.
bool acts(std::string_view section) {
    static constexpr std::array<std::string_view, 7> kWhole = {"time", "date",     "calculate",   "convert",
                                                               "joke", "list.add", "system.facts"};
    for (std::string_view lead : {"timer.", "alarm.", "reminder.", "list."})
        if (section.starts_with(lead)) return true;
    return std::find(kWhole.begin(), kWhole.end(), section) != kWhole.end();
}

std::vector<std::string> texts(const std::vector<Word>& words) {
    std::vector<std::string> out;
    for (const Word& word : words) out.push_back(word.text);
    return out;
}

// The pieces between pauses, the whole left out.
std::vector<std::vector<Word>> pieces(const std::vector<Word>& words) {
    std::vector<std::vector<Word>> out;
    std::vector<Word> open;
    for (const Word& word : words) {
        open.push_back(word);
        if (!word.pause) continue;
        out.push_back(std::move(open));
        open.clear();
    }
    if (!open.empty()) out.push_back(std::move(open));
    return out.size() > 1 ? out : std::vector<std::vector<Word>>();
}

}  // namespace

std::string Recognition::slot(const std::string& slot_name) const {
    const auto found = slots.find(slot_name);
    return found == slots.end() ? std::string() : found->second.said;
}

std::string Recognition::slot_words(const std::string& slot_name) const {
    const auto found = slots.find(slot_name);
    std::string out;
    if (found != slots.end())
        for (const std::string& word : found->second.words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string Recognition::fixed_value(const std::string& key) const {
    const auto found = fixed.find(key);
    return found == fixed.end() ? std::string() : found->second;
}

Result<Recognizer> Recognizer::create(std::vector<std::vector<std::string>> programs) {
    Recognizer out;
    CODA_TRY(out.intents_, Patterns::parse(intents_text(), "intents.txt", slot_types(std::move(programs))));
    CODA_TRY(out.requests_, Patterns::parse(requests_text(), "requests.txt", slot_types({})));
    return out;
}

std::vector<std::string> Recognizer::topics() const {
    std::vector<std::string> out;
    for (const std::string& section : requests_.sections())
        if (section.starts_with(kNoTool)) out.push_back(section.substr(kNoTool.size()));
    return out;
}

std::vector<std::vector<Word>> Recognizer::views(const std::vector<Word>& words) const {
    std::vector<std::vector<Word>> out = {words};
    for (size_t i = 0; i < out.size() && out.size() < kMaxViews; ++i) {
        for (std::string_view wrapping : {"frame", "tail"}) {
            const auto match =
                intents_.match(texts(out[i]), [&](std::string_view section) { return section == wrapping; });
            if (!match) continue;
            const Patterns::Range rest = match->slots.at("rest");
            std::vector<Word> inner(out[i].begin() + static_cast<long>(rest.first),
                                    out[i].begin() + static_cast<long>(rest.last));
            if (std::optional<std::string> verb = plain_form(inner.front().text, intents_)) {
                // "would you mind setting a timer": what follows is tried as "set a timer", too.
                std::vector<Word> plain = inner;
                plain.front().text = std::move(*verb);
                if (out.size() + 1 < kMaxViews) out.push_back(std::move(plain));
            }
            const bool known = std::any_of(out.begin(), out.end(), [&](const auto& view) {
                return view.size() == inner.size() && view.front().begin == inner.front().begin;
            });
            if (!known) out.push_back(std::move(inner));
        }
    }
    return out;
}

Recognition Recognizer::first_match(const Utterance& utterance, const std::vector<Word>& words,
                                    const Patterns& patterns, const Patterns::Wanted& wanted) const {
    Recognition out;
    if (words.empty() || words.size() > kMaxWords) return out;
    for (const std::vector<Word>& view : views(words)) {
        const std::vector<std::string> plain = texts(view);
        const std::optional<Patterns::Match> match = patterns.match(plain, wanted);
        if (!match) continue;
        out.kind = Recognition::Kind::command;
        out.name = match->section;
        out.fixed = match->fixed;
        out.line = match->line;
        out.closed = match->closed;
        out.words = plain;
        out.said = utterance.said(view, 0, view.size());
        for (const auto& [name, range] : match->slots)
            out.slots[name] = {{plain.begin() + static_cast<long>(range.first),
                                plain.begin() + static_cast<long>(range.last)},
                               utterance.said(view, range.first, range.last)};
        return out;
    }
    return out;
}

Recognition Recognizer::command(const Utterance& utterance) const {
    const Sentence all = utterance.joined();
    Recognition found = first_match(utterance, all.words, intents_, is_command);
    if (found.kind != Recognition::Kind::none) return found;
    // "I'm bored, what time is it": a question of a tool at the end of talk.
    const auto asked = [](std::string_view section) {
        return section == "time" || section == "date" || section == "calculate" || section == "convert" ||
               section == "remember";
    };
    if (utterance.sentences.size() > 1)
        found = first_match(utterance, utterance.sentences.back().words, intents_, asked);
    for (const std::vector<Word>& part : parts_of(utterance)) {
        if (found.kind != Recognition::Kind::none) break;
        found = first_match(utterance, part, intents_, acts);
    }
    return found;
}

Recognizer::Answer Recognizer::answer(const Utterance& utterance) const {
    const Recognition found = first_match(utterance, utterance.joined().words, intents_, is_answer);
    if (found.kind == Recognition::Kind::none) return Answer::other;
    return found.name == "answer.yes" ? Answer::yes : Answer::no;
}

std::optional<Recognition> Recognizer::ellipsis(const Utterance& utterance) const {
    const auto wanted = [](std::string_view section) { return section == "ellipsis"; };
    Recognition found = first_match(utterance, utterance.joined().words, intents_, wanted);
    if (found.kind == Recognition::Kind::none) return std::nullopt;
    return found;
}

Recognition Recognizer::no_tool(const Utterance& utterance, const Covered& covered) const {
    const auto general = [](std::string_view section) { return section == "general"; };
    const auto topic = [&](std::string_view section) {
        return section.starts_with(kNoTool) && !covered(section.substr(kNoTool.size()));
    };
    std::vector<std::vector<Word>> parts;
    const Sentence all = utterance.joined();
    parts.push_back(all.words);
    if (utterance.sentences.size() > 1)
        for (const Sentence& sentence : utterance.sentences) parts.push_back(sentence.words);
    for (std::vector<Word>& piece : pieces(all.words))
        if (piece.size() >= 2) parts.push_back(std::move(piece));
    Recognition out;
    if (first_match(utterance, all.words, requests_, general).kind != Recognition::Kind::none) return out;
    for (const std::vector<Word>& part : parts) {
        if (first_match(utterance, part, requests_, general).kind != Recognition::Kind::none) continue;
        out = first_match(utterance, part, requests_, topic);
        if (out.kind == Recognition::Kind::none) continue;
        out.kind = Recognition::Kind::no_tool;
        out.name = out.name.substr(kNoTool.size());
        return out;
    }
    return out;
}

bool Recognizer::mentions(std::string_view section, const Utterance& utterance) const {
    const auto wanted = [&](std::string_view name) { return name == section; };
    const auto follows = [&](const std::vector<Word>& words) {
        return first_match(utterance, words, requests_, wanted).kind != Recognition::Kind::none;
    };
    for (const Sentence& sentence : utterance.sentences) {
        const std::vector<std::vector<Word>> parts = pieces(sentence.words);
        if (follows(sentence.words) || std::any_of(parts.begin(), parts.end(), follows)) return true;
    }
    return false;
}

bool Recognizer::asks_for_fiction(const Utterance& utterance) const {
    static constexpr std::array<std::string_view, 22> kFiction = {
        "story",    "poem",     "song",    "joke",    "tale",    "haiku",  "limerick", "rhyme",
        "dialogue", "script",   "letter",  "pretend", "imagine", "lyrics", "riddle",   "write",
        "compose",  "sentence", "example", "message", "email",   "speech"};
    for (const Sentence& sentence : utterance.sentences)
        for (const Word& word : sentence.words)
            if (std::find(kFiction.begin(), kFiction.end(), word.text) != kFiction.end()) return true;
    return false;
}

}  // namespace coda::tools

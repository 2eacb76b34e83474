// What an utterance asks for, told without a language model: a command that a tool or a template answers, a
// request for something that no tool does, or neither. The rules are data (intents.txt, requests.txt). Thread
// safety: immutable after create.
#pragma once

#include "base/result.h"
#include "tools/patterns.h"
#include "tools/words.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::tools {

struct Slot {
    std::vector<std::string> words;  // normalised
    std::string said;                // as it was said
};

struct Recognition {
    enum class Kind { none, command, no_tool } kind = Kind::none;
    std::string name;  // the intent ("time", "calculate") or the topic ("weather")
    std::map<std::string, Slot> slots;
    std::map<std::string, std::string> fixed;
    std::vector<std::string> words;  // that the pattern matched: the utterance without its wrapping
    std::string said;                // the same, as it was said
    int line = 0;                    // of the pattern
    bool closed = false;  // it ends with a word of the pattern's own, not with one that fills it in

    // What fills a slot, as it was said or in normalised words; what the pattern itself fixes. Empty where
    // there is nothing of that name.
    std::string slot(const std::string& slot_name) const;
    std::string slot_words(const std::string& slot_name) const;
    std::string fixed_value(const std::string& key) const;
};

class Recognizer {
  public:
    // `programs`: the names, in normalised words, that a {program:program} slot takes.
    static Result<Recognizer> create(std::vector<std::vector<std::string>> programs = {});

    // What an utterance says to a question that Coda asked.
    enum class Answer { yes, no, other };
    Answer answer(const Utterance& utterance) const;

    // The command in `utterance`, if any.
    Recognition command(const Utterance& utterance) const;
    // What "and in Paris?" adds to the question before it: the slots "new" and, where there is one, "link"
    // ("in").
    std::optional<Recognition> ellipsis(const Utterance& utterance) const;
    // The topic that `utterance` asks live data or an action of; topics for which `covered` says true are
    // passed over.
    using Covered = std::function<bool(std::string_view topic)>;
    Recognition no_tool(const Utterance& utterance, const Covered& covered) const;
    // True when it asks for something made up (a story, a poem): what is said in it are no claims.
    bool asks_for_fiction(const Utterance& utterance) const;

    // Whether a sentence, or a part of one between pauses, follows a pattern of this section of requests.txt
    // ("mood.hurry"), whatever else is asked for.
    bool mentions(std::string_view section, const Utterance& utterance) const;

    // Every topic of requests.txt.
    std::vector<std::string> topics() const;

  private:
    // The words with and without the wrapping of politeness ("could you tell me ..., please"), longest first.
    std::vector<std::vector<Word>> views(const std::vector<Word>& words) const;
    Recognition first_match(const Utterance& utterance, const std::vector<Word>& words,
                            const Patterns& patterns, const Patterns::Wanted& wanted) const;

    Patterns intents_, requests_;
};

}  // namespace coda::tools

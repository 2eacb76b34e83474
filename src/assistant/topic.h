// What the conversation is about: the last thing that was asked of a tool, so that "and tomorrow?", "and in
// Paris?" or "what about two kilograms?" can be heard as the whole question that it stands for. Nothing is
// known of any tool: the new words are put into the last question where something stood, or at its end, and
// what comes out counts only if the recogniser hears the same intent, with the new words filled in. Thread
// safety: belongs to one thread.
#pragma once

#include "tools/recognizer.h"
#include "tools/registry.h"

#include <optional>
#include <string>
#include <vector>

namespace coda::assistant {

class Topic {
  public:
    // The whole utterance that `utterance` stands for, itself where it is whole or stands for nothing.
    tools::Utterance completed(const tools::Utterance& utterance, const tools::Recognizer& recognizer,
                               const tools::Registry& registry) const;
    // The turn is over: what it asked of a tool is the topic from now on; nothing when it asked nothing of
    // one.
    void set(const tools::Utterance& whole, const tools::Recognizer& recognizer,
             const tools::Registry& registry);

  private:
    std::vector<std::string> candidates(const std::vector<std::string>& new_words,
                                        const std::string& preposition) const;

    tools::Recognition last_;
};

}  // namespace coda::assistant

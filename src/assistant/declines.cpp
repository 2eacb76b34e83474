#include "assistant/declines.h"

#include <algorithm>
#include <array>

namespace coda::assistant {
namespace {

struct Line {
    std::string_view topic, text;
    bool action;
};
constexpr std::array kLines = {
    Line{"weather", "I can't look up the weather yet.", false},
    Line{"news", "I can't look up the news yet.", false},
    Line{"sports", "I can't look up sports results or fixtures yet.", false},
    Line{"stocks", "I can't look up prices or exchange rates yet.", false},
    Line{"traffic", "I can't look up traffic or travel times yet.", false},
    Line{"navigation", "I can't look up routes or timetables yet, and I don't know where we are.", false},
    Line{"places", "I can't look up places or opening hours yet.", false},
    Line{"home", "I can't control or check devices in your home yet.", true},
    Line{"volume", "I can only change how loud my own voice is.", true},
    Line{"calendar", "I can't see or change your calendar yet.", true},
    Line{"email", "I can't read or send e-mail yet.", true},
    Line{"call", "I can't make or answer calls yet.", true},
    Line{"message", "I can't read or send messages yet.", true},
    Line{"order", "I can't order, book or track things, or see your accounts yet.", true},
    Line{"music", "I can't play or control music and video yet.", true},
    Line{"device", "I can't look into or control this computer, your phone or the web yet.", true},
    Line{"live", "I can't look up what is going on right now.", false},
};

struct Hint {
    std::string_view topic, text;
};
constexpr std::array kHints = {
    Hint{"timer",
         "I didn't understand what to do with a timer. Say, for example: set a pasta timer for ten minutes."},
    Hint{"alarm", "I didn't understand what to do with an alarm. Say, for example: wake me at 7 tomorrow."},
    Hint{"list",
         "I didn't understand what to do with a list. Say, for example: add milk and eggs to my shopping "
         "list."},
    Hint{"reminder",
         "I didn't understand what to remind you of. Say, for example: remind me at 5 PM to call Ann."},
};

const Hint* find_hint(std::string_view topic) {
    const auto at =
        std::find_if(kHints.begin(), kHints.end(), [&](const Hint& hint) { return hint.topic == topic; });
    return at == kHints.end() ? nullptr : &*at;
}

const Line* find(std::string_view topic) {
    const auto at =
        std::find_if(kLines.begin(), kLines.end(), [&](const Line& line) { return line.topic == topic; });
    return at == kLines.end() ? nullptr : &*at;
}

}  // namespace

std::string decline(std::string_view topic) {
    const Line* line = find(topic);
    return std::string(line ? line->text : "I can't do that yet.");
}

bool has_hint(std::string_view topic) {
    return find_hint(topic) != nullptr;
}

std::string hint(std::string_view topic) {
    const Hint* found = find_hint(topic);
    return std::string(found ? found->text : "I didn't understand that.");
}

bool is_action(std::string_view topic) {
    const Line* line = find(topic);
    return line && line->action;
}

std::string instead_of(tools::Claim claim) {
    return claim == tools::Claim::action ? "I can't actually do that yet."
                                         : "I can't look that up, so I'd only be guessing.";
}

std::string no_model() {
    return "I have no language model to answer that. You can add one with: coda models add.";
}

std::string better_model_notice() {
    return "The packaged language model is small and often wrong about facts. For a better one: coda models "
           "find, "
           "coda models add FILE, or --llm openai:URL.";
}

}  // namespace coda::assistant

#include "assistant/settings.h"

namespace coda::assistant {

void declare(Settings& settings, AssistantSettings& to) {
    settings.declare("assistant.window_turns", &to.window_turns, "Turns that are kept word for word.",
                     SettingRules::between(1, 1000));
    settings.declare("assistant.window_tokens", &to.window_tokens, "Tokens that they may take.",
                     SettingRules::between(64, 1 << 20));
}

}  // namespace coda::assistant

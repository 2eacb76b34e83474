#include "memory/settings.h"

#include "base/paths.h"

namespace coda::memory {

std::filesystem::path MemorySettings::file() const {
    return path.empty() ? paths::state_dir() / "memory.db" : path;
}

void declare(Settings& settings, MemorySettings& to) {
    settings.declare("memory.enabled", &to.enabled,
                     "Keep what you tell Coda over conversations. Off: it is forgotten when one ends.");
    settings.declare("memory.path", &to.path, "The memory's file. Empty: memory.db in the state folder.");
    settings.declare(
        "memory.bar", &to.bar,
        "How sure it must be that a memory is what you asked for. Lower: more is found, and more that "
        "is wrong.",
        SettingRules::between(0, 1));
    settings.declare(
        "memory.decay_days", &to.decay_days,
        "Of two memories that fit as well the newer comes first; its lead halves in so many days.",
        SettingRules::between(0.1, 36500));
    settings.declare("memory.prompt_tokens", &to.prompt_tokens,
                     "Tokens that memories may take in the prompt of a language model.",
                     SettingRules::between(0, 4096));
}

}  // namespace coda::memory

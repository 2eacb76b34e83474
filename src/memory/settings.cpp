#include "memory/settings.h"

#include "base/paths.h"

namespace coda::memory {

std::filesystem::path MemoryOptions::file() const {
    return path.empty() ? paths::state_dir() / "memory.db" : path;
}

void declare_settings(Settings& settings, MemoryOptions& options) {
    const auto between = [](double least, double most) { return SettingRules{least, most, {}, false}; };
    settings.declare("memory.enabled", &options.enabled,
                     "Keep what you tell Coda over conversations. Off: each forgets it when it ends.");
    settings.declare("memory.path", &options.path,
                     "The file of the memory. Empty: memory.db in the state folder.");
    settings.declare(
        "memory.passing", &options.passing,
        "Keep facts said in passing too (\"my name is ...\"), not only what you ask to be kept.");
    settings.declare(
        "memory.bar", &options.bar,
        "How sure it must be that a memory is what you asked for. Lower: more is found, more of it "
        "wrong.",
        between(0, 1));
    settings.declare("memory.decay_days", &options.decay_days,
                     "Days after which a memory weighs half as much against another as likely one.",
                     between(0.1, 36500));
    settings.declare("memory.prompt_tokens", &options.prompt_tokens,
                     "Tokens of the language model's prompt that memories may take.", between(0, 4096));
}

}  // namespace coda::memory

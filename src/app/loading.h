// Loading the engine for a command, with failures turned into the one line that mends.
// Thread safety: free functions without state.
#pragma once

#include "app/command.h"
#include "assistant/engine.h"

#include <memory>

namespace coda::app {

// What a command cannot do without, and what it uses when it is there.
struct Parts {
    enum Need { none, optional, required };
    Need llm = none, stt = none, tts = none, vad = none;
    bool embeddings = false;  // of the memory, which works without, by words alone
};

// Fails with the error of the first required part that did not load; says on stderr which optional ones are
// missing.
Result<std::unique_ptr<assistant::Engine>> load_engine(Context& context, const Parts& parts);

}  // namespace coda::app

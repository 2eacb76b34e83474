// The long-term memory that the configuration names, for the commands that use it.
// Thread safety: free functions without state.
#pragma once

#include "app/command.h"
#include "assistant/engine.h"
#include "memory/sqlite_store.h"

#include <memory>

namespace coda::app {

// With the engine's embeddings where they are loaded (`engine` may be null). Says on stderr what became of a
// damaged file.
Result<std::unique_ptr<memory::SqliteStore>> open_memory(Context& context, const assistant::Engine* engine);

// A conversation with the memory and the character behind it. Where the memory is off, null; where it does
// not open, the reason is said on stderr and what is told is kept while the conversation lasts. The same
// holds for what the character adapts to. `Attends`: the command says by itself what comes due (timers,
// reminders) for as long as it runs.
enum class Attends { no, yes };
assistant::Session::Options session_options(Context& context, const assistant::Engine& engine,
                                            Attends attends = Attends::no);

}  // namespace coda::app

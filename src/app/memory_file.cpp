#include "app/memory_file.h"

#include "app/persona_file.h"
#include "assistant/embedding.h"
#include "assistant/planner.h"

namespace coda::app {

Result<std::unique_ptr<memory::SqliteStore>> open_memory(Context& context, const assistant::Engine* engine) {
    const memory::MemorySettings& settings = context.configuration.memory;
    memory::SqliteStore::Options options;
    options.path = settings.file();
    options.weighing.bar = settings.bar;
    options.weighing.decay_days = settings.decay_days;
    if (engine && engine->embeddings)
        options.embedder = std::make_shared<assistant::MiniLmEmbedder>(engine->embeddings);
    CODA_TRY(auto store, memory::SqliteStore::open(std::move(options)));
    if (!store->warning().empty()) context.output.note(store->warning());
    return store;
}

namespace {

// Where the file does not open, the reason is said and timers last as long as the conversation.
std::shared_ptr<assistant::Planner> open_planner(Context& context, Attends attends) {
    auto planner = assistant::Planner::open(context.configuration.assistant.planner_file());
    if (!planner) {
        context.output.note("timers are not kept: " + planner.error().message());
        return nullptr;
    }
    if (!(*planner)->warning().empty()) context.output.note((*planner)->warning());
    if (attends == Attends::yes)
        if (const Status attending = (*planner)->attend(); !attending)
            context.output.note("other commands cannot see that timers ring here: " +
                                attending.error().message());
    return std::move(*planner);
}

}  // namespace

assistant::Session::Options session_options(Context& context, const assistant::Engine& engine,
                                            Attends attends) {
    assistant::Session::Options options = context.configuration.session();
    options.responder.planner = open_planner(context, attends);
    auto programs = tools::read_programs(context.configuration.assistant.programs_file());
    if (programs)
        options.responder.programs = std::make_shared<const tools::Programs>(std::move(*programs));
    else
        context.output.note("no program can be run: " + programs.error().message());
    options.responder.persona = open_persona(context);
    options.responder.own_temperature = is_set(context.settings, "llm.temperature");
    if (!context.configuration.memory.enabled) return options;
    auto store = open_memory(context, &engine);
    if (store)
        options.responder.memory = std::move(*store);
    else
        context.output.note("no memory: " + store.error().message());
    return options;
}

}  // namespace coda::app

#include "app/memory_file.h"

#include "assistant/embedding.h"

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

assistant::Session::Options session_options(Context& context, const assistant::Engine& engine) {
    assistant::Session::Options options = context.configuration.session();
    if (!context.configuration.memory.enabled) return options;
    auto store = open_memory(context, &engine);
    if (store)
        options.responder.memory = std::move(*store);
    else
        context.output.note("no memory: " + store.error().message());
    return options;
}

}  // namespace coda::app

#include "app/loading.h"

#include <unistd.h>

namespace coda::app {

Result<std::unique_ptr<assistant::Engine>> load_engine(Context& context, const Parts& parts) {
    assistant::EngineConfig config = context.configuration.engine;
    config.load_llm = parts.llm != Parts::none;
    config.load_stt = parts.stt != Parts::none;
    config.load_tts = parts.tts != Parts::none;
    config.load_vad = parts.vad != Parts::none;
    CODA_TRY(auto engine, assistant::Engine::load(config));

    const bool llm_unwanted = config.llm == "none";
    const struct {
        Parts::Need need;
        bool there;
        const Error& error;
        const char* without;
    } wanted[] = {
        {llm_unwanted ? Parts::none : parts.llm, engine->llm != nullptr, engine->llm_error,
         "no language model"},
        {parts.stt, engine->stt != nullptr, engine->stt_error, "no speech recognition"},
        {parts.tts, engine->tts != nullptr, engine->tts_error, "no voice"},
        {parts.vad, engine->vad != nullptr, engine->vad_error, "no voice activity detection"},
    };
    for (const auto& part : wanted) {
        if (part.need == Parts::none || part.there) continue;
        if (part.need == Parts::required) return tl::unexpected(part.error);
        context.output.note(std::string(part.without) + ": " + part.error.message());
    }
    return engine;
}

}  // namespace coda::app

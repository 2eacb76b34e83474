#include "app/loading.h"

#include "app/packaged_models.h"

namespace coda::app {
namespace {

// That the packaged model of a role is missing, where the configuration names no other.
Status packaged_or_own(const char* role, bool own) {
    if (own) return {};
    for (const PackagedModel& model : packaged_models()) {
        if (model.role == role || model.role == "engine") CODA_CHECK(model.installed());
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<assistant::Engine>> load_engine(Context& context, const Parts& parts) {
    assistant::EngineConfig config = context.configuration.engine;
    config.load_llm = parts.llm != Parts::none;
    config.load_stt = parts.stt != Parts::none;
    config.load_tts = parts.tts != Parts::none;
    config.load_vad = parts.vad != Parts::none;
    config.load_embeddings = parts.embeddings && context.configuration.memory.enabled;
    const bool no_llm = config.llm.off();
    if (parts.llm == Parts::required && !no_llm)
        CODA_CHECK(packaged_or_own("llm", !config.llm.source.empty()));
    if (parts.stt == Parts::required) CODA_CHECK(packaged_or_own("stt", !config.stt.model.empty()));
    if (parts.tts == Parts::required) CODA_CHECK(packaged_or_own("tts", !config.tts.model.empty()));
    if (parts.vad == Parts::required) CODA_CHECK(packaged_or_own("vad", false));
    CODA_TRY(auto engine, assistant::Engine::load(config));

    const struct {
        Parts::Need need;
        bool there;
        const Error& error;
        const char* without;
    } wanted[] = {
        {no_llm ? Parts::none : parts.llm, engine->llm != nullptr, engine->llm_error, "no language model"},
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

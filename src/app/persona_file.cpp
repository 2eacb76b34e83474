#include "app/persona_file.h"

namespace coda::app {
namespace {

using personality::Persona;

Persona::Options options_of(const Context& context) {
    const personality::PersonalitySettings& settings = context.configuration.personality;
    Persona::Options options;
    options.character = character_of(context);
    options.limits = settings.limits();
    options.seed = static_cast<uint64_t>(settings.seed);
    return options;
}

}  // namespace

personality::Character character_of(const Context& context) {
    return context.configuration.personality.load().value_or(personality::Character{});
}

std::shared_ptr<Persona> persona_in_memory(const Context& context) {
    auto persona = Persona::create(options_of(context));
    CODA_ASSERT(persona);  // there is no file to fail at
    return std::move(*persona);
}

std::shared_ptr<Persona> open_persona(Context& context) {
    Persona::Options options = options_of(context);
    options.changes = personality::PersonalitySettings::changes_file();
    auto persona = Persona::create(std::move(options));
    if (!persona) {
        context.output.note("how you want to be spoken to is not known: " + persona.error().message());
        return persona_in_memory(context);
    }
    if (!(*persona)->warning().empty()) context.output.note((*persona)->warning());
    return std::move(*persona);
}

}  // namespace coda::app

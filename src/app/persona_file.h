// The character that the configuration names, and what it has adapted to, for the commands that use it.
// Thread safety: free functions without state.
#pragma once

#include "app/command.h"
#include "personality/persona.h"

#include <memory>

namespace coda::app {

// With the settings' traits; the plain default where it cannot be loaded, which no command gets to that needs
// a right configuration.
personality::Character character_of(const Context& context);

// The character of a conversation, with what it has adapted to. Where that cannot be read, the reason is said
// on stderr and what is asked of it is kept while the conversation lasts.
std::shared_ptr<personality::Persona> open_persona(Context& context);
// The same without anything adapted, and nothing kept.
std::shared_ptr<personality::Persona> persona_in_memory(const Context& context);

}  // namespace coda::app

// A reply that no model wrote, as a character may word it, and the moment of a turn that it adapts to. Thread
// safety: pure functions.
#pragma once

#include "assistant/responder.h"
#include "personality/feedback.h"
#include "personality/wording.h"
#include "tools/recognizer.h"
#include "tools/registry.h"

#include <optional>

namespace coda::assistant {

// Nothing for what is said again as it was (repeat, an anecdote). What the tools were given and gave back,
// and the person's own words turned round, are quotes.
std::optional<personality::Template> template_of(const Reply& reply, const tools::Registry& registry);

personality::Moment moment_of(const tools::Utterance& utterance, const tools::Recognizer& recognizer,
                              const tools::ToolContext& context);

}  // namespace coda::assistant

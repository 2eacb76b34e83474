// Markup inside a line: code spans, links, images, footnotes, HTML tags and entities, LaTeX, emphasis. What
// the marks enclose stays. Thread safety: free functions without state. Time is linear in the text.
#pragma once

#include "models/hibari/text/unicode.h"

namespace coda::models::hibari {

// Links, images, tags, entities and code spans; runs before addresses are read.
Text without_links_and_tags(Text text);
// Asterisks, underscores and tildes; runs after addresses are read, as those may hold underscores.
Text without_emphasis(Text text);

}  // namespace coda::models::hibari

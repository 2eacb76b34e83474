// Markdown's block structure made into lines of plain text: headings, lists, quotes and table rows become
// sentences of their own; code blocks, rules and link definitions go. Inline markup is left for
// reading/inline.h. Thread safety: a free function without state. Time is linear in the text.
#pragma once

#include "models/hibari/text/unicode.h"

namespace coda::models::hibari {

Text lines_from_markdown(TextView text);

}  // namespace coda::models::hibari

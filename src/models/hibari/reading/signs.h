// Single signs: emoji and unknown scripts go, operators, arrows, Greek letters and other signs become words,
// letters lose their accents and full-width forms; at last everything that could only be read as a symbol
// goes. Thread safety: free functions without state. Time is linear in the text.
#pragma once

#include "models/hibari/text/unicode.h"

namespace coda::models::hibari {

// Folds what has a plain form: full-width letters, ligatures, accents, exotic spaces; drops control
// characters.
Text plain_characters(TextView text);

// Signs to words. Runs after quantities are read.
Text read_signs(Text text);

// Abbreviations that a person never reads out ("e.g.", "i.e.", "b/c"), and faces of typed marks, which go.
Text read_abbreviations(Text text);

// Drops whatever is left that has no sound, and tidies spaces and marks; keeps line breaks.
Text without_leftovers(TextView text);

}  // namespace coda::models::hibari

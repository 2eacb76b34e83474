// The phoneme alphabet (misaki's, one character per sound) and moving stress marks in it.
// Thread safety: free functions without state.
#pragma once

#include "models/hibari/text/unicode.h"

#include <optional>

namespace coda::models::hibari {

constexpr char32_t kPrimaryStress = U'ˈ';
constexpr char32_t kSecondaryStress = U'ˌ';
constexpr TextView kVowels = U"AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ";
constexpr TextView kConsonants = U"bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ";

// From -2 (take all marks away) to 2 (make primary, adding a mark where there is none); steps of a half.
using Stress = std::optional<float>;

Text apply_stress(Text phonemes, Stress stress);

// Sounds counted by length: a diphthong or affricate is two.
int stress_weight(TextView phonemes);

}  // namespace coda::models::hibari

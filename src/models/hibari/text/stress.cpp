#include "models/hibari/text/stress.h"

#include <algorithm>

namespace coda::models::hibari {

namespace {

// A stress mark stands right before the vowel that carries it.
Text with_mark_before_first_vowel(Text phonemes, char32_t mark) {
    const size_t vowel = phonemes.find_first_of(kVowels);
    if (vowel != Text::npos) phonemes.insert(vowel, 1, mark);
    return phonemes;
}

}  // namespace

Text apply_stress(Text phonemes, Stress stress) {
    if (!stress) return phonemes;
    const bool primary = contains(phonemes, kPrimaryStress), secondary = contains(phonemes, kSecondaryStress);
    if (*stress < -1) {
        std::erase(phonemes, kPrimaryStress);
        std::erase(phonemes, kSecondaryStress);
    } else if (*stress == -1 || (*stress <= 0 && primary)) {
        std::erase(phonemes, kSecondaryStress);
        std::replace(phonemes.begin(), phonemes.end(), kPrimaryStress, kSecondaryStress);
    } else if (*stress >= 0 && *stress <= 1 && !primary && !secondary) {
        return with_mark_before_first_vowel(std::move(phonemes), kSecondaryStress);
    } else if (*stress >= 1 && !primary && secondary) {
        std::replace(phonemes.begin(), phonemes.end(), kSecondaryStress, kPrimaryStress);
    } else if (*stress > 1 && !primary && !secondary) {
        return with_mark_before_first_vowel(std::move(phonemes), kPrimaryStress);
    }
    return phonemes;
}

int stress_weight(TextView phonemes) {
    int weight = 0;
    for (const char32_t c : phonemes) weight += contains(U"AIOQWYʤʧ", c) ? 2 : 1;
    return weight;
}

}  // namespace coda::models::hibari

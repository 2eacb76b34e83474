// The words of facts and questions: what they are about, and whether two of them speak of the same.
// Thread safety: pure functions.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace coda::memory {

// Words in lower case, without punctuation; every byte above ASCII counts as a letter. "sister's" is
// "sister", "s".
std::vector<std::string> words_of(std::string_view text);

// Words that carry no content of their own: "the", "my", "what", "remember".
bool is_function_word(const std::string& word);

// A word as it is compared: without its plural, "mum" as "mother", "lived" as "live".
std::string stem_of(const std::string& word);

// The stems of all words but the function words.
std::set<std::string> content_of(const std::vector<std::string>& words);

// What a fact says, in two halves: "my locker code" and "4719", "I live" and "in Bristol".
struct Statement {
    std::vector<std::string> subject, predicate;  // words; both empty where the sentence has no such verb
};
Statement statement_of(const std::vector<std::string>& words);

// The question that a fact answers, as a key: facts with the same key replace one another. Empty for facts
// that stand beside others about the same subject ("Oscar is seven", "Oscar is allergic to eggs").
std::string key_of(const std::vector<std::string>& words);

// Persons spoken of: "sister", "boss" as stems. "My sister's birthday" is not "my birthday".
std::set<std::string> people_of(const std::vector<std::string>& words);

// How well a fact answers a question by its words alone, 0..1.
double word_score(const std::string& question, const std::string& fact);

}  // namespace coda::memory

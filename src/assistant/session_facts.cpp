#include "assistant/session_facts.h"

namespace coda::assistant {

Result<std::optional<std::string>> SessionFacts::remember(const std::string& fact) {
    CODA_TRY(const std::optional<memory::Fact> replaced, store_.add(fact, "said"));
    return replaced ? std::optional(replaced->text) : std::nullopt;
}

Result<std::optional<std::string>> SessionFacts::recall(const std::string& question) {
    CODA_TRY(const std::vector<memory::Recalled> found, store_.search(question, 1));
    return found.empty() ? std::nullopt : std::optional(found.front().fact.text);
}

Result<std::vector<std::string>> SessionFacts::facts() {
    CODA_TRY(const std::vector<memory::Fact> all, store_.all());
    std::vector<std::string> texts;
    for (const memory::Fact& fact : all) texts.push_back(fact.text);
    return texts;
}

Result<std::vector<std::string>> SessionFacts::forget_last() {
    CODA_TRY(const std::vector<memory::Fact> all, store_.all());
    if (all.empty()) return std::vector<std::string>();
    CODA_CHECK(store_.remove(all.back().id));
    return std::vector<std::string>{all.back().text};
}

Result<std::vector<std::string>> SessionFacts::forget_about(const std::string& subject) {
    CODA_TRY(const std::vector<memory::Recalled> found, store_.search(subject, 20));
    std::vector<std::string> gone;
    for (const memory::Recalled& recalled : found) {
        CODA_CHECK(store_.remove(recalled.fact.id));
        gone.push_back(recalled.fact.text);
    }
    return gone;
}

Result<std::vector<std::string>> SessionFacts::forget_all() {
    CODA_TRY(const std::vector<std::string> gone, facts());
    CODA_CHECK(store_.clear());
    return gone;
}

}  // namespace coda::assistant

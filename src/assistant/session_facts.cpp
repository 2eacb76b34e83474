#include "assistant/session_facts.h"

#include <algorithm>

namespace coda::assistant {

Result<std::optional<std::string>> SessionFacts::keep(memory::Added added) {
    if (added.known) return std::optional<std::string>();
    added_.push_back(added.fact.id);
    if (!added.replaced) return std::optional<std::string>();
    std::string text = added.replaced->text;
    removed_.push_back(std::move(*added.replaced));
    return std::optional(std::move(text));
}

Result<std::optional<std::string>> SessionFacts::remember(const std::string& fact, bool in_passing) {
    CODA_TRY(memory::Added added, store_.add(fact, in_passing ? "in passing" : "said"));
    return keep(std::move(added));
}

Result<std::optional<std::string>> SessionFacts::correct(const std::string& fact,
                                                         const std::string& instead_of) {
    Result<memory::Added> corrected = store_.correct(fact, instead_of);
    if (!corrected && corrected.error().code == ErrorCode::not_found) return remember(fact, false);
    CODA_TRY(memory::Added added, std::move(corrected));
    return keep(std::move(added));
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

Result<std::vector<std::string>> SessionFacts::forget(const std::vector<memory::Fact>& facts) {
    std::vector<std::string> gone;
    for (const memory::Fact& fact : facts) {
        CODA_CHECK(store_.remove(fact.id));
        removed_.push_back(fact);
        gone.push_back(fact.text);
    }
    return gone;
}

Result<std::vector<std::string>> SessionFacts::forget_last() {
    CODA_TRY(const std::vector<memory::Fact> all, store_.all());
    if (all.empty()) return std::vector<std::string>();
    return forget({all.back()});
}

Result<std::vector<std::string>> SessionFacts::forget_about(const std::string& subject) {
    CODA_TRY(const std::vector<memory::Fact> found, store_.about(subject));
    return forget(found);
}

Result<std::vector<std::string>> SessionFacts::forget_all() {
    CODA_TRY(std::vector<memory::Fact> all, store_.all());
    CODA_CHECK(store_.clear());
    std::vector<std::string> gone;
    for (memory::Fact& fact : all) {
        gone.push_back(fact.text);
        removed_.push_back(std::move(fact));
    }
    return gone;
}

void SessionFacts::begin_turn() {
    added_.clear();
    removed_.clear();
}

Status SessionFacts::undo() {
    for (const int64_t id : added_) {
        const bool gone = std::any_of(removed_.begin(), removed_.end(),
                                      [&](const memory::Fact& fact) { return fact.id == id; });
        if (!gone) CODA_CHECK(store_.remove(id));
    }
    for (const memory::Fact& fact : removed_)
        if (std::find(added_.begin(), added_.end(), fact.id) == added_.end())
            CODA_CHECK(store_.restore(fact));
    begin_turn();
    return {};
}

}  // namespace coda::assistant

// What the person told Coda, kept behind one interface whatever keeps it (sqlite_store.h).
// A fact's importance follows from its source: what one is asked to remember weighs more than a passing word.
// Thread safety: a Store belongs to one thread at a time.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace coda::memory {

struct Fact {
    int64_t id = 0;
    std::string text;    // in the person's words
    std::string source;  // who said it and how: "said", "in passing", "typed", "import"
    std::chrono::system_clock::time_point time;  // when it was told, to the millisecond
    double importance = 0.5;  // 0..1: of two as likely facts the more important comes first
};

struct Recalled {
    Fact fact;
    double score = 0;  // 0..1: how likely it is what was asked for
};

struct Added {
    Fact fact;                     // as it is kept now
    std::optional<Fact> replaced;  // what it took the place of: "my locker code is ..." told anew
    bool known = false;            // the same was told before: its time was renewed, nothing else happened
};

double importance_of(const std::string& source);

class Store {
  public:
    static constexpr size_t kMaxFacts = 100000, kMaxText = 20000;  // bytes of a text

    virtual ~Store() = default;
    // Keeps a fact. One that answers the same question is replaced, see wording.h. Fails with
    // invalid_argument for an empty or overlong text, exhausted when the store or the disk is full, and io.
    virtual Result<Added> add(const std::string& text, const std::string& source) = 0;
    // The same for a fact with a time of its own (an import); its id is not looked at.
    virtual Result<Added> add(const Fact& fact) = 0;
    // "No, my sister is Ada, not Ida": what is told replaces what was told about the same, even where add
    // would keep both. `instead_of` ("Ida") says which fact is wrong; it may be empty. Nothing is kept, and
    // not_found comes back, where there is no such fact.
    virtual Result<Added> correct(const std::string& text, const std::string& instead_of) = 0;
    // Puts a fact that was removed or replaced back as it was, with its id.
    virtual Status restore(const Fact& fact) = 0;
    // The facts that answer `question`, best first, at most `limit`; those that are not likely to are left
    // out.
    virtual Result<std::vector<Recalled>> search(const std::string& question, size_t limit) = 0;
    // The facts that speak of `subject` with all its words, or with the name of who is meant by it; for
    // forgetting, where what is merely alike must stay.
    virtual Result<std::vector<Fact>> about(const std::string& subject) = 0;
    virtual Result<std::vector<Fact>> all() = 0;  // oldest first
    virtual Result<Fact> get(int64_t id) = 0;     // fails with not_found
    virtual Result<Fact> edit(int64_t id, const std::string& text) = 0;
    virtual Status remove(int64_t id) = 0;
    virtual Status clear() = 0;
    virtual Result<size_t> size() = 0;
    // Work that can wait for idle time.
    virtual Status tidy(const Cancel& cancel) = 0;
};

}  // namespace coda::memory

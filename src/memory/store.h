// What the person told Coda. SessionStore keeps it for one session; a long-term store comes behind the same
// interface. Thread safety: a Store belongs to one thread at a time.
#pragma once

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
    std::string source;  // who said it and how: "said"
    std::chrono::system_clock::time_point time;
};

struct Recalled {
    Fact fact;
    double score = 0;  // 0..1; 1: the question speaks of nothing else
};

class Store {
  public:
    virtual ~Store() = default;
    // Keeps a fact; one about the same thing ("my locker code is ...") is replaced and returned. Fails with
    // invalid_argument for an empty or overlong text and with exhausted when the store is full.
    virtual Result<std::optional<Fact>> add(const std::string& text, const std::string& source) = 0;
    // The facts that answer `question`, best first, at most `limit`; those that are not likely to are left
    // out.
    virtual Result<std::vector<Recalled>> search(const std::string& question, size_t limit) = 0;
    virtual Result<std::vector<Fact>> all() = 0;  // oldest first
    virtual Status remove(int64_t id) = 0;
    virtual Status clear() = 0;
};

class SessionStore final : public Store {
  public:
    static constexpr size_t kMaxFacts = 1000, kMaxText = 2000;

    Result<std::optional<Fact>> add(const std::string& text, const std::string& source) override;
    Result<std::vector<Recalled>> search(const std::string& question, size_t limit) override;
    Result<std::vector<Fact>> all() override { return facts_; }
    Status remove(int64_t id) override;
    Status clear() override;

  private:
    std::vector<Fact> facts_;
    int64_t next_id_ = 1;
};

}  // namespace coda::memory

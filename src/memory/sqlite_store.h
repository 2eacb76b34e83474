// The long-term memory: facts in an SQLite file (WAL, FTS5) that is readable by its owner alone. Several
// processes may have it open; SQLite lets one write at a time. A fact is on the disk when add returns, and
// stays whole if the process is killed at any moment. A damaged file is set aside and a new one is filled
// with what can still be read of it. Thread safety: as Store. Ownership: owns the connection.
#pragma once

#include "memory/embedder.h"
#include "memory/ranking.h"
#include "memory/store.h"

#include <filesystem>
#include <memory>

namespace coda::memory {

class SqliteStore final : public Store {
  public:
    struct Options {
        std::filesystem::path path = ":memory:";  // a memory for this process alone
        std::shared_ptr<Embedder> embedder;       // null: facts are found by their words alone
        Weighing weighing;
        int64_t max_pages = 0;  // of 4 KiB that the file may grow to; 0: no bound
    };
    // Creates folder and file where they are missing. A file that cannot be written opens for reading. Fails
    // with io, and unsupported for a file of a later version.
    static Result<std::unique_ptr<SqliteStore>> open(Options options);
    ~SqliteStore() override;

    Result<Added> add(const std::string& text, const std::string& source) override;
    Result<Added> add(const Fact& fact) override;
    Result<Added> correct(const std::string& text, const std::string& instead_of) override;
    Status restore(const Fact& fact) override;
    Result<std::vector<Recalled>> search(const std::string& question, size_t limit) override;
    Result<std::vector<Fact>> about(const std::string& subject) override;
    Result<std::vector<Fact>> all() override;
    Result<Fact> get(int64_t id) override;
    Result<Fact> edit(int64_t id, const std::string& text) override;
    Status remove(int64_t id) override;
    Status clear() override;
    Result<size_t> size() override;
    Status tidy(const Cancel& cancel) override;

    // Facts that have no vector yet: told while there was no embedder, or another one. tidy makes them.
    Result<size_t> without_vector();

    // What happened to a damaged file on open, for the person; empty where nothing did.
    const std::string& warning() const;

  private:
    struct Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::memory

// The changes of a character on disk: a small JSON file that every process of this person shares. Each step
// locks a file beside it, reads, changes and writes atomically, so that nothing of another process is lost. A
// damaged file is set aside, and a new one begun. Without a path all is kept in memory. Thread safety: one
// thread at a time; processes wait for one another.
#pragma once

#include "base/result.h"
#include "personality/changes.h"

#include <filesystem>
#include <string>
#include <vector>

namespace coda::personality {

class ChangeLog {
  public:
    // Fails where the file cannot be read; that it does not exist is no failure.
    static Result<ChangeLog> open(std::filesystem::path path);

    const std::vector<Change>& changes() const { return changes_; }
    // What became of a damaged file; empty when all is well.
    const std::string& warning() const { return warning_; }

    // Reads again when another process has written.
    Status refresh();
    // Keeps `change` under a new id, which is returned.
    Result<int64_t> add(Change change);
    // Takes a change out altogether, as if it had never been.
    Status remove(int64_t id);
    // Each gives the ids of those that were undone now, none where there is none: the change of that id, the
    // newest that has not faded, or all that have not.
    Result<std::vector<int64_t>> undo(int64_t id);
    Result<std::vector<int64_t>> undo_last(Time now);
    Result<std::vector<int64_t>> undo_all(Time now);
    Status redo(const std::vector<int64_t>& ids);

  private:
    template <class Edit>
    Status edit(const Edit& edit);
    Status read();
    Status set_aside(const Error& error);

    std::filesystem::path path_;
    std::vector<Change> changes_;
    std::string warning_;
    std::filesystem::file_time_type read_at_{};
};

// Below this share a change counts as faded.
inline constexpr double kFaded = 0.05;

}  // namespace coda::personality

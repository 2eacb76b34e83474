// What is planned (timers, alarms, reminders, lists) in one SQLite file that several processes share: each
// change is a transaction, and what is due is claimed by one of them. Keeps count of what a turn changed, so
// that a turn that was none can be taken back. Thread safety: one thread at a time for each Planner.
#pragma once

#include "base/result.h"
#include "memory/database.h"
#include "tools/list_store.h"
#include "tools/timer_store.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace coda::assistant {

class Planner final : public tools::TimerStore, public tools::ListStore {
  public:
    // An empty `path` keeps it in this process alone, while it runs. A damaged file is set aside. Fails with
    // io, or unsupported for a file of a newer Coda.
    static Result<std::unique_ptr<Planner>> open(const std::filesystem::path& path);
    ~Planner() override;
    const std::string& warning() const { return warning_; }  // what became of a damaged file

    // From now on this process says what comes due, and others can see it: an advisory lock beside the file,
    // which ends with the process however it ends.
    Status attend();

    Result<tools::Timer> add(const tools::Timer& timer) override;
    Result<std::vector<tools::Timer>> waiting() override;
    Result<std::optional<tools::Timer>> last_rung() override;
    Status update(const tools::Timer& timer) override;
    Status remove(int64_t id) override;
    Result<bool> claim(const tools::Timer& timer, std::chrono::sys_seconds now,
                       std::optional<std::chrono::sys_seconds> next) override;
    bool attended() override;

    Status add(const std::string& list, const std::string& item) override;
    Result<std::vector<std::string>> items(const std::string& list) override;
    Status remove(const std::string& list, const std::string& item) override;
    Result<std::vector<std::string>> lists() override;

    void begin_turn() {
        changed_.clear();
        items_added_.clear();
        items_removed_.clear();
    }
    // Makes everything since begin_turn undone.
    Status undo();

  private:
    explicit Planner(memory::Database database) : database_(std::move(database)) {}
    Status note_change(int64_t id);
    Result<std::optional<tools::Timer>> find(int64_t id);
    Status write(const tools::Timer& timer);
    Status delete_row(const char* table, int64_t id);
    // The first column of each row; `bound`, where it is not empty, is the parameter.
    Result<std::vector<std::string>> texts(const char* statement, const std::string& bound);

    memory::Database database_;
    std::string warning_;
    std::filesystem::path lock_path_;
    int lock_ = -1;
    bool attending_ = false;
    // The timers that this turn changed, as they were before; nothing: it was not there.
    std::vector<std::pair<int64_t, std::optional<tools::Timer>>> changed_;
    struct Item {
        int64_t id;
        std::string list, text;
    };
    std::vector<int64_t> items_added_;
    std::vector<Item> items_removed_;
};

}  // namespace coda::assistant

#include "personality/change_log.h"

#include "base/file_map.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace coda::personality {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = size_t{1} << 20;  // bytes; kMostChanges take a tenth of it

// Held while it lives.
class FileLock {
  public:
    static Result<FileLock> take(const fs::path& path) {
        std::error_code error;
        if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) return broken(path);
        FileLock lock(file);
        while (::flock(file, LOCK_EX) != 0)
            if (errno != EINTR) return broken(path);
        return lock;
    }
    FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock() {
        if (file_ >= 0) ::close(file_);
    }

  private:
    explicit FileLock(int file) : file_(file) {}
    static tl::unexpected<Error> broken(const fs::path& path) {
        return fail(ErrorCode::io, std::strerror(errno), path.string(), "make the folder writable");
    }
    int file_;
};

fs::file_time_type written_at(const fs::path& path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    return error ? fs::file_time_type{} : time;
}

bool live(const Change& change, Time now) {
    return change.strength(now) > kFaded;
}

}  // namespace

Result<ChangeLog> ChangeLog::open(fs::path path) {
    ChangeLog log;
    log.path_ = std::move(path);
    CODA_CHECK(log.read());
    return log;
}

Status ChangeLog::read() {
    std::error_code error;
    if (path_.empty()) return {};
    if (!fs::exists(path_, error)) {
        changes_.clear();
        read_at_ = {};
        return {};
    }
    const auto at = written_at(path_);
    CODA_TRY(const std::string text, read_file(path_, kMaxFile));
    auto changes = parse_changes(text);
    if (!changes) return set_aside(changes.error());
    changes_ = std::move(*changes);
    read_at_ = at;
    return {};
}

Status ChangeLog::set_aside(const Error& error) {
    const fs::path aside =
        fmt::format("{}.damaged-{:%Y%m%d-%H%M%S}", path_.string(), fmt::localtime(std::time(nullptr)));
    std::error_code failed;
    fs::rename(path_, aside, failed);
    if (failed) return fail(ErrorCode::io, failed.message(), path_.string(), "make the folder writable");
    changes_.clear();
    read_at_ = {};
    warning_ = fmt::format("what you asked of how to speak was damaged ({}); the old file is {}",
                           error.message(), aside.string());
    return {};
}

Status ChangeLog::refresh() {
    if (path_.empty() || written_at(path_) == read_at_) return {};
    return read();
}

template <class Edit>
Status ChangeLog::edit(const Edit& edit) {
    if (path_.empty()) {
        edit(changes_);
        return {};
    }
    CODA_TRY(const FileLock lock, FileLock::take(path_.string() + ".lock"));
    CODA_CHECK(read());
    std::vector<Change> changed = changes_;
    edit(changed);
    CODA_CHECK(write_file_atomic(path_, print_changes(changed)));
    std::error_code error;  // on a file system without permissions it stays as it is
    fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write, error);
    changes_ = std::move(changed);
    read_at_ = written_at(path_);
    return {};
}

Result<int64_t> ChangeLog::add(Change change) {
    CODA_CHECK(edit([&](std::vector<Change>& changes) {
        change.id = 1;
        for (const Change& other : changes) change.id = std::max(change.id, other.id + 1);
        changes.push_back(change);
        if (changes.size() > kMostChanges)
            changes.erase(changes.begin(),
                          changes.begin() + static_cast<std::ptrdiff_t>(changes.size() - kMostChanges));
    }));
    return change.id;
}

Status ChangeLog::remove(int64_t id) {
    return edit([&](std::vector<Change>& changes) {
        std::erase_if(changes, [&](const Change& change) { return change.id == id; });
    });
}

Status ChangeLog::redo(const std::vector<int64_t>& ids) {
    return edit([&](std::vector<Change>& changes) {
        for (Change& change : changes)
            if (std::find(ids.begin(), ids.end(), change.id) != ids.end()) change.undone = false;
    });
}

Result<std::vector<int64_t>> ChangeLog::undo(int64_t id) {
    std::vector<int64_t> undone;
    CODA_CHECK(edit([&](std::vector<Change>& changes) {
        for (Change& change : changes) {
            if (change.id != id || change.undone) continue;
            change.undone = true;
            undone.push_back(id);
        }
    }));
    return undone;
}

Result<std::vector<int64_t>> ChangeLog::undo_last(Time now) {
    std::vector<int64_t> undone;
    CODA_CHECK(edit([&](std::vector<Change>& changes) {
        const auto last = std::find_if(changes.rbegin(), changes.rend(),
                                       [&](const Change& change) { return live(change, now); });
        if (last == changes.rend()) return;
        last->undone = true;
        undone.push_back(last->id);
    }));
    return undone;
}

Result<std::vector<int64_t>> ChangeLog::undo_all(Time now) {
    std::vector<int64_t> undone;
    CODA_CHECK(edit([&](std::vector<Change>& changes) {
        for (Change& change : changes) {
            if (!live(change, now)) continue;
            change.undone = true;
            undone.push_back(change.id);
        }
    }));
    return undone;
}

}  // namespace coda::personality

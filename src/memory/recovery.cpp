#include "memory/recovery.h"

#include "memory/salvage.h"
#include "memory/schema.h"
#include "memory/wording.h"

#include <ctime>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace coda::memory {
namespace {

namespace fs = std::filesystem;

// Held while a file is opened, so that two processes do not mend it at once. Without it (a folder that cannot
// be written) there is nothing to mend either.
class OpenLock {
  public:
    explicit OpenLock(const fs::path& path)
        : file_(::open((path.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (file_ >= 0) static_cast<void>(::flock(file_, LOCK_EX));
    }
    OpenLock(const OpenLock&) = delete;
    OpenLock& operator=(const OpenLock&) = delete;
    ~OpenLock() {
        if (file_ >= 0) ::close(file_);
    }

  private:
    int file_;
};

Result<Opened> open_once(const fs::path& path) {
    Opened out;
    CODA_TRY(out.database, Database::open(path, Database::Mode::write));
    if (out.database.read_only())
        return fail(ErrorCode::io, "cannot be written", path.string(), "see to it that you own it");
    CODA_CHECK(out.database.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"));
    CODA_TRY(Query check, out.database.query("PRAGMA quick_check(1)"));
    CODA_TRY(const bool row, check.step());
    if (row && check.text(0) != "ok") return fail(ErrorCode::bad_format, check.text(0), path.string());
    check.reset();
    CODA_CHECK(migrate(out.database));
    return out;
}

Result<Opened> open_frozen(const fs::path& path) {
    Opened out;
    out.writable = false;
    auto live = Database::open(path, Database::Mode::read);
    if (live && live->integer("SELECT count(*) FROM facts")) {
        out.database = std::move(*live);
    } else {  // without a folder to put its shared memory in, WAL only works when nobody writes
        CODA_TRY(out.database, Database::open(path, Database::Mode::frozen));
    }
    CODA_TRY(const int64_t version, out.database.integer("PRAGMA user_version"));
    if (version != kSchemaVersion)
        return fail(ErrorCode::io, "its layout is of another version and it cannot be written", path.string(),
                    "see to it that you own this file and its folder");
    out.warning = fmt::format("{} cannot be written: what is told now is not kept", path.string());
    return out;
}

Status fill(const fs::path& path, const std::vector<Fact>& facts) {
    CODA_TRY(Database database, Database::open(path, Database::Mode::write));
    CODA_CHECK(migrate(database));
    CODA_TRY(Transaction transaction, Transaction::begin(database));
    for (const Fact& fact : facts) CODA_CHECK(insert_fact(database, fact, true));
    return transaction.commit();
}

void remove_with_journals(const fs::path& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path.string() + suffix, ignored);
}

// The new file is whole before the old one moves; what is missing after a crash in between, open_whole mends.
Result<std::string> rebuild(const fs::path& path) {
    CODA_TRY(const std::vector<Fact> facts, salvage(path));
    const fs::path fresh = path.string() + ".rebuilt";
    remove_with_journals(fresh);
    CODA_CHECK(fill(fresh, facts));
    const std::string aside =
        fmt::format("{}.damaged-{:%Y%m%d-%H%M%S}", path.string(), fmt::localtime(std::time(nullptr)));
    std::error_code error;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::error_code missing;
        if (!fs::exists(path.string() + suffix, missing)) continue;
        fs::rename(path.string() + suffix, aside + suffix, error);
        if (error) return fail(ErrorCode::io, error.message(), path.string() + suffix);
    }
    fs::rename(fresh, path, error);
    if (error) return fail(ErrorCode::io, error.message(), fresh.string());
    return fmt::format("the memory was damaged: {} facts could be read and are kept; the old file is {}",
                       facts.size(), aside);
}

}  // namespace

Status insert_fact(Database& database, const Fact& fact, bool with_id) {
    const std::vector<std::string> words = words_of(fact.text);
    std::string plain;
    for (const std::string& word : words) plain += (plain.empty() ? "" : " ") + word;
    CODA_TRY(Query query,
             database.query(with_id ? "INSERT INTO facts(text, words, key, source, told, importance, id) "
                                      "VALUES (?, ?, ?, ?, ?, ?, ?)"
                                    : "INSERT INTO facts(text, words, key, source, told, importance) "
                                      "VALUES (?, ?, ?, ?, ?, ?)"));
    query.bind(1, fact.text).bind(2, plain).bind(3, key_of(words)).bind(4, fact.source);
    query.bind(
        5, static_cast<int64_t>(
               std::chrono::duration_cast<std::chrono::milliseconds>(fact.time.time_since_epoch()).count()));
    query.bind(6, fact.importance);
    if (with_id) query.bind(7, fact.id);
    return query.run();
}

Result<Opened> open_whole(const fs::path& path) {
    if (path == ":memory:") {
        Opened out;
        CODA_TRY(out.database, Database::open(path, Database::Mode::write));
        CODA_CHECK(migrate(out.database));
        return out;
    }
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) return fail(ErrorCode::io, error.message(), path.parent_path().string());
    const OpenLock lock(path);
    if (const fs::path fresh = path.string() + ".rebuilt";
        !fs::exists(path, error) && fs::exists(fresh, error))
        fs::rename(fresh, path, error);
    auto opened = open_once(path);
    if (opened) return opened;
    if (opened.error().code == ErrorCode::io && fs::exists(path, error)) return open_frozen(path);
    if (opened.error().code != ErrorCode::bad_format) return opened;
    CODA_TRY(std::string warning, rebuild(path));
    CODA_TRY(Opened again, open_once(path));
    again.warning = std::move(warning);
    return again;
}

}  // namespace coda::memory

#include "assistant/planner.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace coda::assistant {
namespace {

using memory::Database;
using memory::Query;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using tools::Timer;

constexpr int64_t kVersion = 1;
constexpr seconds kKeepRung = std::chrono::hours(24);  // for "snooze" and "what was that?"

constexpr const char* kColumns = "id, kind, name, due, length, every, paused, rung";
constexpr const char* kTables =
    "CREATE TABLE timers(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " due INTEGER NOT NULL, length INTEGER NOT NULL, every INTEGER NOT NULL, paused INTEGER, rung INTEGER);"
    "CREATE TABLE items(id INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL, text TEXT NOT NULL);"
    "PRAGMA user_version=1;";

int64_t count_of(sys_seconds time) {
    return time.time_since_epoch().count();
}
sys_seconds time_of(int64_t count) {
    return sys_seconds(seconds(count));
}

// Whatever a damaged or foreign file may hold becomes a timer that is harmless.
Timer read_row(const Query& row) {
    Timer timer;
    timer.id = row.integer(0);
    timer.kind = static_cast<tools::TimerKind>(std::clamp<int64_t>(row.integer(1), 0, 2));
    timer.name = row.text(2);
    timer.due = time_of(row.integer(3));
    timer.length = seconds(std::clamp<int64_t>(row.integer(4), 0, int64_t{366} * 86400));
    timer.every = static_cast<uint8_t>(row.integer(5) & 0x7F);
    // -1 stands for nothing: the columns' values are times.
    if (const int64_t paused = row.integer(6); paused >= 0) timer.paused = seconds(paused);
    if (const int64_t rung = row.integer(7); rung >= 0) timer.rung = time_of(rung);
    return timer;
}

std::string select(const char* where) {
    return fmt::format(
        "SELECT id, kind, name, due, length, every, coalesce(paused, -1), coalesce(rung, -1) "
        "FROM timers {}",
        where);
}

void bind_values(Query& query, const Timer& timer) {
    query.bind(2, static_cast<int64_t>(timer.kind));
    query.bind(3, timer.name);
    query.bind(4, count_of(timer.due));
    query.bind(5, static_cast<int64_t>(timer.length.count()));
    query.bind(6, static_cast<int64_t>(timer.every));
    if (timer.paused) query.bind(7, static_cast<int64_t>(timer.paused->count()));
    if (timer.rung) query.bind(8, count_of(*timer.rung));
}

Status prepare_tables(Database& database) {
    CODA_CHECK(database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
    CODA_TRY(const int64_t version, database.integer("PRAGMA user_version"));
    if (version > kVersion)
        return fail(ErrorCode::unsupported, "the plans were written by a newer Coda", database.path(),
                    "use that one, or move the file away");
    if (version == kVersion) return {};
    CODA_TRY(auto transaction, memory::Transaction::begin(database));
    CODA_TRY(const int64_t again, database.integer("PRAGMA user_version"));  // another process was faster
    if (again == 0) CODA_CHECK(database.execute(kTables));
    return transaction.commit();
}

Result<Database> open_tables(const std::filesystem::path& path) {
    CODA_TRY(Database database, Database::open(path, Database::Mode::write));
    CODA_CHECK(prepare_tables(database));
    return database;
}

}  // namespace

Result<std::unique_ptr<Planner>> Planner::open(const std::filesystem::path& path) {
    if (!path.empty()) {
        std::error_code error;
        std::filesystem::create_directories(path.parent_path(), error);
        if (error) return fail(ErrorCode::io, error.message(), path.parent_path().string());
    }
    auto database = open_tables(path.empty() ? ":memory:" : path);
    std::string warning;
    if (!database && database.error().code == ErrorCode::bad_format && !path.empty()) {
        warning = fmt::format("{} is damaged ({}): set aside as {}.damaged; timers start anew", path.string(),
                              database.error().what, path.filename().string());
        for (const char* part : {"", "-wal", "-shm"}) {
            std::error_code gone;
            std::filesystem::rename(path.string() + part, path.string() + ".damaged" + part, gone);
        }
        database = open_tables(path);
    }
    if (!database) return tl::unexpected(database.error());
    std::unique_ptr<Planner> planner(new Planner(std::move(*database)));
    planner->warning_ = std::move(warning);
    if (!path.empty()) {
        planner->lock_path_ = path;
        planner->lock_path_ += ".attended";
    }
    return planner;
}

Planner::~Planner() {
    if (lock_ >= 0) ::close(lock_);
}

Status Planner::attend() {
    attending_ = true;
    if (lock_path_.empty() || lock_ >= 0) return {};
    lock_ = ::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0 || ::flock(lock_, LOCK_SH | LOCK_NB) != 0)
        return fail(ErrorCode::io, std::strerror(errno), lock_path_.string());
    return {};
}

bool Planner::attended() {
    if (attending_ || lock_path_.empty()) return attending_;
    const int file = ::open(lock_path_.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return false;
    const bool held = ::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(file);
    return held;
}

Result<Timer> Planner::add(const Timer& timer) {
    CODA_TRY(const int64_t count, database_.integer("SELECT count(*) FROM timers WHERE rung IS NULL"));
    if (count >= static_cast<int64_t>(kMost))
        return fail(ErrorCode::exhausted, fmt::format("there are {} timers already", count), "",
                    "cancel some of them");
    Timer added = timer;
    added.id = 0;
    CODA_CHECK(write(added));
    added.id = database_.last_id();
    changed_.emplace_back(added.id, std::nullopt);
    return added;
}

// A new row where there is no id yet.
Status Planner::write(const Timer& timer) {
    CODA_TRY(Query query,
             database_.query(
                 fmt::format("INSERT OR REPLACE INTO timers({}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)", kColumns)));
    if (timer.id > 0) query.bind(1, timer.id);
    bind_values(query, timer);
    return query.run();
}

Result<std::vector<Timer>> Planner::waiting() {
    CODA_TRY(Query query,
             database_.query(select("WHERE rung IS NULL OR every != 0 ORDER BY due, id LIMIT 400")));
    std::vector<Timer> out;
    CODA_TRY(bool more, query.step());
    while (more) {
        out.push_back(read_row(query));
        CODA_TRY(more, query.step());
    }
    return out;
}

Result<std::optional<Timer>> Planner::last_rung() {
    CODA_TRY(Query query,
             database_.query(select("WHERE rung IS NOT NULL ORDER BY rung DESC, id DESC LIMIT 1")));
    CODA_TRY(const bool there, query.step());
    return there ? std::optional(read_row(query)) : std::nullopt;
}

Result<std::optional<Timer>> Planner::find(int64_t id) {
    CODA_TRY(Query query, database_.query(select("WHERE id = ?1")));
    query.bind(1, id);
    CODA_TRY(const bool there, query.step());
    return there ? std::optional(read_row(query)) : std::nullopt;
}

Status Planner::note_change(int64_t id) {
    CODA_TRY(std::optional<Timer> before, find(id));
    if (!before) return fail(ErrorCode::not_found, "it is gone already", database_.path());
    changed_.emplace_back(id, std::move(before));
    return {};
}

Status Planner::update(const Timer& timer) {
    CODA_CHECK(note_change(timer.id));
    return write(timer);
}

Status Planner::remove(int64_t id) {
    CODA_CHECK(note_change(id));
    return delete_row("timers", id);
}

Status Planner::delete_row(const char* table, int64_t id) {
    CODA_TRY(Query query, database_.query(fmt::format("DELETE FROM {} WHERE id = ?1", table)));
    query.bind(1, id);
    return query.run();
}

Result<bool> Planner::claim(const Timer& timer, sys_seconds now, std::optional<sys_seconds> next) {
    CODA_TRY(Query query,
             database_.query("UPDATE timers SET rung = ?2, due = ?3 WHERE id = ?1 AND due = ?4 AND "
                             "(rung IS NULL OR every != 0)"));
    query.bind(1, timer.id);
    query.bind(2, count_of(now));
    query.bind(3, count_of(next.value_or(timer.due)));
    query.bind(4, count_of(timer.due));
    CODA_CHECK(query.run());
    const bool ours = database_.changes() == 1;
    CODA_TRY(Query old, database_.query("DELETE FROM timers WHERE rung < ?1 AND every = 0"));
    old.bind(1, count_of(now - kKeepRung));
    CODA_CHECK(old.run());
    return ours;
}

// ---- lists

Status Planner::add(const std::string& list, const std::string& item) {
    CODA_TRY(Query count, database_.query("SELECT count(*) FROM items WHERE list = ?1"));
    count.bind(1, list);
    CODA_TRY(const bool there, count.step());
    if (there && count.integer(0) >= static_cast<int64_t>(kMostItems))
        return fail(ErrorCode::exhausted, fmt::format("there are {} things on it already", count.integer(0)),
                    list, "take some off");
    CODA_TRY(Query query, database_.query("INSERT INTO items(list, text) VALUES(?1, ?2)"));
    query.bind(1, list);
    query.bind(2, item);
    CODA_CHECK(query.run());
    items_added_.push_back(database_.last_id());
    return {};
}

Result<std::vector<std::string>> Planner::texts(const char* statement, const std::string& bound) {
    CODA_TRY(Query query, database_.query(statement));
    if (!bound.empty()) query.bind(1, bound);
    std::vector<std::string> out;
    CODA_TRY(bool more, query.step());
    while (more) {
        out.push_back(query.text(0));
        CODA_TRY(more, query.step());
    }
    return out;
}

Result<std::vector<std::string>> Planner::items(const std::string& list) {
    return texts("SELECT text FROM items WHERE list = ?1 ORDER BY id LIMIT 1000", list);
}

Result<std::vector<std::string>> Planner::lists() {
    return texts("SELECT list FROM items GROUP BY list ORDER BY min(id) LIMIT 100", {});
}

Status Planner::remove(const std::string& list, const std::string& item) {
    CODA_TRY(Query query,
             database_.query("SELECT id FROM items WHERE list = ?1 AND text = ?2 ORDER BY id LIMIT 1"));
    query.bind(1, list);
    query.bind(2, item);
    CODA_TRY(const bool there, query.step());
    if (!there) return {};
    const int64_t id = query.integer(0);
    query.reset();
    CODA_CHECK(delete_row("items", id));
    items_removed_.push_back({id, list, item});
    return {};
}

Status Planner::undo() {
    for (auto change = changed_.rbegin(); change != changed_.rend(); ++change)
        CODA_CHECK(change->second ? write(*change->second) : delete_row("timers", change->first));
    for (const Item& item : items_removed_) {
        CODA_TRY(Query query,
                 database_.query("INSERT OR REPLACE INTO items(id, list, text) VALUES(?1, ?2, ?3)"));
        query.bind(1, item.id);
        query.bind(2, item.list);
        query.bind(3, item.text);
        CODA_CHECK(query.run());
    }
    for (const int64_t id : items_added_) CODA_CHECK(delete_row("items", id));
    begin_turn();
    return {};
}

}  // namespace coda::assistant

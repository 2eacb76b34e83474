#include "monitor/history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <sqlite3.h>

namespace coda::monitor {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kMinute = 60;
constexpr size_t kLongestName = 200;

using Block = std::array<float, History::kBlock>;

int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

// The last `size` values of an endless row, by their index.
class History::Ring {
  public:
    explicit Ring(int64_t size) : values_(static_cast<size_t>(size), kNone) {}

    float& at(int64_t index) { return values_[slot(index)]; }
    float at(int64_t index) const { return values_[slot(index)]; }
    // Empties what lies after `last` up to and with `index`.
    void advance(int64_t last, int64_t index) {
        const int64_t first = std::max(last + 1, index - size() + 1);
        for (int64_t i = first; i <= index; ++i) at(i) = kNone;
    }
    int64_t size() const { return static_cast<int64_t>(values_.size()); }

  private:
    size_t slot(int64_t index) const { return static_cast<size_t>(index % size()); }
    std::vector<float> values_;
};

struct History::Track {
    Ring seconds{kSecondsKept}, minutes{kMinutesKept};
    int in_minute = 0;  // values that the newest minute is the mean of

    const Ring& ring(int64_t step) const { return step == 1 ? seconds : minutes; }
    Ring& ring(int64_t step) { return step == 1 ? seconds : minutes; }
};

struct History::Database {
    sqlite3* handle = nullptr;
    std::string name;
    ~Database() { sqlite3_close(handle); }

    Error error(ErrorCode code = ErrorCode::io) const {
        return {code, sqlite3_errmsg(handle), name,
                "coda doctor looks at it; without it, history is not kept"};
    }
    Status run(const char* sql) {
        if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
        const int code = sqlite3_errcode(handle);
        if (code == SQLITE_BUSY)
            return fail(ErrorCode::unavailable, "another Coda is writing it", name, "end that one first");
        return tl::unexpected(error(code == SQLITE_NOTADB ? ErrorCode::bad_format : ErrorCode::io));
    }
};

namespace {

// A prepared statement, finalised at its end.
class Statement {
  public:
    Statement(sqlite3* handle, const char* sql) { sqlite3_prepare_v2(handle, sql, -1, &statement_, nullptr); }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    sqlite3_stmt* get() const { return statement_; }
    explicit operator bool() const { return statement_ != nullptr; }

  private:
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

History::History() = default;

History::~History() {
    if (database_) static_cast<void>(save());
}

Status History::open(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    std::error_code problem;
    std::filesystem::create_directories(file.parent_path(), problem);
    auto database = std::make_unique<Database>();
    database->name = file.string();
    if (sqlite3_open(file.c_str(), &database->handle) != SQLITE_OK) return tl::unexpected(database->error());
    CODA_CHECK(
        database->run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                      "PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE;"
                      "CREATE TABLE IF NOT EXISTS block (step INTEGER, start INTEGER, reading TEXT,"
                      " data BLOB, PRIMARY KEY (step, start, reading)) WITHOUT ROWID; COMMIT"));
    database_ = std::move(database);
    const Status loaded = load();
    if (!loaded) database_.reset();
    return loaded;
}

Status History::load() {
    const Statement rows(database_->handle, "SELECT step, start, reading, data FROM block ORDER BY start");
    if (!rows) return tl::unexpected(database_->error(ErrorCode::bad_format));
    const int64_t now = unix_now();
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
        const int64_t step = sqlite3_column_int64(rows.get(), 0), start = sqlite3_column_int64(rows.get(), 1);
        const auto* name = reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), 2));
        const void* data = sqlite3_column_blob(rows.get(), 3);
        Block block;
        const bool fits = data && sqlite3_column_bytes(rows.get(), 3) == static_cast<int>(sizeof(block));
        if ((step != 1 && step != kMinute) || !fits || !name || start < 0 || start > now) continue;
        const int64_t oldest = now - step * (step == 1 ? kSecondsKept : kMinutesKept);
        Track* to = start > oldest ? track(name) : nullptr;
        if (!to) continue;
        std::memcpy(block.data(), data, sizeof(block));
        for (int64_t i = 0; i < kBlock; ++i) {
            const float value = block[static_cast<size_t>(i)];
            const int64_t time = start + i * step;
            if (!std::isfinite(value) || time > now) continue;
            to->ring(step).at(time / step) = value;
            newest_ = std::max(newest_, time);
        }
    }
    saved_ = newest_;
    if (code != SQLITE_DONE) return tl::unexpected(database_->error(ErrorCode::bad_format));
    return {};
}

History::Track* History::track(const std::string& name) {
    const auto found = tracks_.find(name);
    if (found != tracks_.end()) return found->second.get();
    if (tracks_.size() >= kMostSeries || name.empty() || name.size() > kLongestName) return nullptr;
    return tracks_.emplace(name, std::make_unique<Track>()).first->second.get();
}

void History::add(int64_t time, const Readings& readings) {
    {
        const std::lock_guard lock(mutex_);
        if (time < newest_ || time < 0) return;
        const bool new_minute = time / kMinute != newest_ / kMinute;
        for (auto& [name, track] : tracks_) {
            track->seconds.advance(newest_, time);
            track->minutes.advance(newest_ / kMinute, time / kMinute);
            if (new_minute) track->in_minute = 0;
        }
        newest_ = time;
        for (const auto& [name, value] : readings) {
            Track* to = std::isfinite(value) ? track(name) : nullptr;
            if (!to) continue;
            to->seconds.at(time) = static_cast<float>(value);
            float& mean = to->minutes.at(time / kMinute);
            if (std::isnan(mean)) mean = 0;
            // After a restart within a minute the mean begins anew with what was kept of it as one value.
            mean += (static_cast<float>(value) - mean) / static_cast<float>(++to->in_minute);
        }
        if (!database_ || time - saved_ < kMinute) return;
    }
    static_cast<void>(save());  // what cannot be written now is tried again a minute later
}

Status History::save() {
    const std::lock_guard lock(mutex_);
    if (!database_) return {};
    const int64_t from = saved_;
    saved_ = newest_;
    CODA_CHECK(database_->run("BEGIN"));
    {
        const Statement insert(database_->handle, "INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?)");
        if (!insert) return tl::unexpected(database_->error());
        for (const int64_t step : {int64_t{1}, kMinute}) {
            const int64_t length = step * kBlock, kept = step * (step == 1 ? kSecondsKept : kMinutesKept);
            int64_t start = std::max(from, newest_ - kept + length) / length * length;
            for (; start <= newest_; start += length) {
                for (const auto& [name, track] : tracks_) {
                    Block block;
                    bool any = false;
                    for (int64_t i = 0; i < kBlock; ++i) {
                        const int64_t time = start + i * step;
                        const float value = time <= newest_ ? track->ring(step).at(time / step) : kNone;
                        block[static_cast<size_t>(i)] = value;
                        any = any || !std::isnan(value);
                    }
                    if (!any) continue;
                    sqlite3_reset(insert.get());
                    sqlite3_bind_int64(insert.get(), 1, step);
                    sqlite3_bind_int64(insert.get(), 2, start);
                    sqlite3_bind_text(insert.get(), 3, name.c_str(), -1, SQLITE_TRANSIENT);
                    sqlite3_bind_blob(insert.get(), 4, block.data(), sizeof(block), SQLITE_TRANSIENT);
                    if (sqlite3_step(insert.get()) != SQLITE_DONE) {
                        Error error = database_->error();
                        static_cast<void>(database_->run("ROLLBACK"));
                        return tl::unexpected(std::move(error));
                    }
                }
            }
        }
    }
    return database_->run(
        fmt::format("DELETE FROM block WHERE (step = 1 AND start < {}) OR start < {}; COMMIT",
                    newest_ - kSecondsKept - kBlock, newest_ - kMinute * (kMinutesKept + kBlock))
            .c_str());
}

Readings History::between(int64_t first, int64_t last) const {
    const std::lock_guard lock(mutex_);
    first = std::max(first, newest_ - kSecondsKept + 1);
    last = std::min(last, newest_);
    Readings out;
    for (const auto& [name, track] : tracks_) {
        double sum = 0;
        int found = 0;
        for (int64_t time = std::max<int64_t>(0, first); time <= last; ++time) {
            const float value = track->seconds.at(time);
            if (std::isnan(value)) continue;
            sum += value;
            ++found;
        }
        if (found) out[name] = sum / found;
    }
    return out;
}

History::Series History::last(int64_t seconds, size_t points) const {
    const std::lock_guard lock(mutex_);
    Series out;
    seconds = std::clamp<int64_t>(seconds, 1, kMinutesKept * kMinute);
    const int64_t base = seconds <= kSecondsKept ? 1 : kMinute;
    const int64_t count = seconds / base,
                  wanted = static_cast<int64_t>(std::clamp<size_t>(points, 1, 10'000));
    const int64_t group = (count + wanted - 1) / wanted;
    const int64_t length = count / group;
    const int64_t end = newest_ / base + 1;
    const int64_t begin = std::max<int64_t>(0, end - length * group);
    out.start = begin * base;
    out.step = group * base;
    for (const auto& [name, track] : tracks_) {
        std::vector<float> values;
        bool any = false;
        for (int64_t first = begin; first + group <= end; first += group) {
            float sum = 0;
            int found = 0;
            for (int64_t i = first; i < first + group; ++i) {
                const float value = track->ring(base).at(i);
                if (std::isnan(value)) continue;
                sum += value;
                ++found;
            }
            values.push_back(found ? sum / static_cast<float>(found) : kNone);
            any = any || found;
        }
        if (any) out.values.emplace(name, std::move(values));
    }
    return out;
}

}  // namespace coda::monitor

#include "memory/database.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace coda::memory {
namespace {

constexpr int kBusyMs = 5000;  // another Coda writes: its transactions are short

tl::unexpected<Error> failed(sqlite3* handle, int code, const std::string& path) {
    const std::string what = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    switch (code & 0xFF) {
        case SQLITE_FULL:
            return fail(ErrorCode::exhausted, "the disk is full", path, "free some space");
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return fail(ErrorCode::io, "the memory cannot be written: " + what, path,
                        "see to it that you own this file and its folder");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return fail(ErrorCode::bad_format, what, path, "start Coda again: it sets the file aside");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return fail(ErrorCode::unavailable, "another Coda is writing", path, "try again");
        default:
            return fail(ErrorCode::io, what, path);
    }
}

// SQLite gives its -wal and -shm files the mode of the database.
Status create_private(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
        ::close(file);
        return {};
    }
    if (errno == EACCES || errno == EROFS || errno == EPERM) return {};  // perhaps it can still be read
    return fail(errno == ENOSPC ? ErrorCode::exhausted : ErrorCode::io, std::strerror(errno), path);
}

// As a URI, so that "immutable" can be said.
std::string frozen_uri(const std::string& path) {
    std::string out = "file:";
    for (const char c : path) {
        if (c == '%')
            out += "%25";
        else if (c == '?')
            out += "%3f";
        else if (c == '#')
            out += "%23";
        else
            out += c;
    }
    return out + "?immutable=1";
}

}  // namespace

// ---- queries

void Query::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Query& Query::bind(int at, int64_t value) {
    CODA_ASSERT(sqlite3_bind_int64(statement_.get(), at, value) == SQLITE_OK);
    return *this;
}
Query& Query::bind(int at, double value) {
    CODA_ASSERT(sqlite3_bind_double(statement_.get(), at, value) == SQLITE_OK);
    return *this;
}
Query& Query::bind(int at, const std::string& value) {
    CODA_ASSERT(sqlite3_bind_text64(statement_.get(), at, value.data(), value.size(), SQLITE_TRANSIENT,
                                    SQLITE_UTF8) == SQLITE_OK);
    return *this;
}
Query& Query::bind(int at, std::span<const int8_t> bytes) {
    CODA_ASSERT(sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_TRANSIENT) ==
                SQLITE_OK);
    return *this;
}

Result<bool> Query::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    auto error = failed(sqlite3_db_handle(statement_.get()), code, path_);
    sqlite3_reset(statement_.get());  // ends its transaction
    return error;
}

Status Query::run() {
    CODA_TRY(bool more, step());
    while (more) {
        CODA_TRY(more, step());
    }
    reset();
    return {};
}

void Query::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

int64_t Query::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}
double Query::number(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}
std::string Query::text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const int count = sqlite3_column_bytes(statement_.get(), column);
    return bytes ? std::string(bytes, static_cast<size_t>(count)) : std::string();
}
std::span<const int8_t> Query::bytes(int column) const {
    const auto* bytes = static_cast<const int8_t*>(sqlite3_column_blob(statement_.get(), column));
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

// ---- the connection

void Database::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

Result<Database> Database::open(const std::filesystem::path& path, Mode mode) {
    Database out;
    out.path_ = path.string();
    if (mode == Mode::write && out.path_ != ":memory:") CODA_CHECK(create_private(out.path_));
    const int flags = mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                          : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    const std::string name = mode == Mode::frozen ? frozen_uri(out.path_) : out.path_;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_FULLMUTEX, nullptr);
    out.handle_.reset(handle);
    if (code != SQLITE_OK) return failed(handle, code, out.path_);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMs);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return out;
}

Status Database::execute(const std::string& statements) {
    const int code = sqlite3_exec(handle_.get(), statements.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failed(handle_.get(), code, path_);
    return {};
}

Result<Query> Database::query(const std::string& statement) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v2(handle_.get(), statement.c_str(), -1, &made, nullptr);
    if (code != SQLITE_OK) return failed(handle_.get(), code, path_);
    return Query(made, path_);
}

Result<int64_t> Database::integer(const std::string& statement) {
    CODA_TRY(Query asked, query(statement));
    CODA_TRY(const bool row, asked.step());
    return row ? asked.integer(0) : 0;
}

bool Database::read_only() const {
    return sqlite3_db_readonly(handle_.get(), "main") == 1;
}
int64_t Database::last_id() const {
    return sqlite3_last_insert_rowid(handle_.get());
}
int Database::changes() const {
    return sqlite3_changes(handle_.get());
}

// ---- transactions

Result<Transaction> Transaction::begin(Database& database) {
    CODA_CHECK(database.execute("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Status Transaction::commit() {
    CODA_CHECK(database_->execute("COMMIT"));
    database_ = nullptr;
    return {};
}

Transaction::~Transaction() {
    if (database_) static_cast<void>(database_->execute("ROLLBACK"));
}

}  // namespace coda::memory

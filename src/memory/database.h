// SQLite as this room uses it: a connection and statements that close themselves, and failures as Results
// that name the file and the mend. Thread safety: one thread at a time. Ownership: a Query must end before
// its Database.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace coda::memory {

class Query {
  public:
    Query(Query&&) noexcept = default;
    Query& operator=(Query&&) noexcept = default;

    // Parameters and columns are counted from 1 and 0, as SQLite does. Texts and blobs are copied.
    Query& bind(int at, int64_t value);
    Query& bind(int at, double value);
    Query& bind(int at, const std::string& value);
    Query& bind(int at, std::span<const int8_t> bytes);
    // True: a row is there to be read; false: it has ended.
    Result<bool> step();
    // Runs to the end and makes it ready to run again.
    Status run();
    void reset();

    int64_t integer(int column) const;
    double number(int column) const;
    std::string text(int column) const;
    std::span<const int8_t> bytes(int column) const;  // valid until the next step

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Query(sqlite3_stmt* statement, std::string path) : statement_(statement), path_(std::move(path)) {}

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    std::string path_;
};

class Database {
  public:
    enum class Mode { write, read, frozen };  // frozen: read, and nobody writes; leaves no file beside it
    // Creates the file, readable by its owner alone, where it is missing (Mode::write). ":memory:" is a
    // database without a file. Fails with io, and bad_format for a file that is no database.
    static Result<Database> open(const std::filesystem::path& path, Mode mode);

    Status execute(const std::string& statements);
    Result<Query> query(const std::string& statement);
    bool read_only() const;
    Result<int64_t> integer(const std::string& statement);  // the first column of the first row
    int64_t last_id() const;
    int changes() const;
    const std::string& path() const { return path_; }

  private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::unique_ptr<sqlite3, Close> handle_;
    std::string path_;
};

// Everything between construction and commit() happens, or none of it.
class Transaction {
  public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Status commit();

  private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace coda::memory

#include "memory/schema.h"

#include <array>

#include <fmt/format.h>

namespace coda::memory {
namespace {

// Step i leads from version i to i + 1. What has been released stays as it is: a change is a new step.
constexpr std::array<const char*, kSchemaVersion> kSteps = {
    // key: the question that a fact answers, see wording.h; words: the text as it is compared.
    R"(
    CREATE TABLE facts(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        words TEXT NOT NULL,
        key TEXT NOT NULL,
        source TEXT NOT NULL,
        told INTEGER NOT NULL -- ms since 1970
    );
    CREATE INDEX facts_by_words ON facts(words);
    CREATE INDEX facts_by_key ON facts(key) WHERE key <> '';
    CREATE VIRTUAL TABLE fact_words USING fts5(text, content='facts', content_rowid='id',
                                               tokenize='porter unicode61 remove_diacritics 2');
    CREATE TRIGGER facts_inserted AFTER INSERT ON facts BEGIN
        INSERT INTO fact_words(rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER facts_deleted AFTER DELETE ON facts BEGIN
        INSERT INTO fact_words(fact_words, rowid, text) VALUES ('delete', old.id, old.text);
    END;
    CREATE TRIGGER facts_updated AFTER UPDATE OF text ON facts BEGIN
        INSERT INTO fact_words(fact_words, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO fact_words(rowid, text) VALUES (new.id, new.text);
    END;
    )",
    // A vector is a byte per number (vectors.h); chunk: which part of a long text it stands for.
    R"(
    ALTER TABLE facts ADD COLUMN importance REAL NOT NULL DEFAULT 0.5;
    CREATE TABLE vectors(
        fact INTEGER NOT NULL,
        chunk INTEGER NOT NULL,
        model TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY(fact, chunk)
    ) WITHOUT ROWID;
    CREATE TRIGGER vectors_deleted AFTER DELETE ON facts BEGIN
        DELETE FROM vectors WHERE fact = old.id;
    END;
    )"};

}  // namespace

Status migrate(Database& database) {
    CODA_TRY(Transaction transaction, Transaction::begin(database));
    CODA_TRY(const int64_t version, database.integer("PRAGMA user_version"));
    CODA_TRY(const int64_t application, database.integer("PRAGMA application_id"));
    CODA_TRY(const int64_t tables, database.integer("SELECT count(*) FROM sqlite_master"));
    if (version > kSchemaVersion)
        return fail(ErrorCode::unsupported,
                    fmt::format("was written by a later Coda (version {} of its layout, {} is known)",
                                version, kSchemaVersion),
                    database.path(), "use that Coda, or move the file away");
    const bool fresh = version == 0 && tables == 0;
    if (!fresh && (application != kApplicationId || version < 1))
        return fail(ErrorCode::unsupported, "is a database, but not Coda's memory", database.path(),
                    "move it away");
    if (version == kSchemaVersion) return {};
    for (int64_t step = version; step < kSchemaVersion; ++step)
        CODA_CHECK(database.execute(kSteps.at(static_cast<size_t>(step))));
    CODA_CHECK(database.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kSchemaVersion)));
    return transaction.commit();
}

}  // namespace coda::memory

#include "memory/sqlite_store.h"

#include "base/log.h"
#include "memory/database.h"
#include "memory/schema.h"
#include "memory/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace coda::memory {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr double kWordBar = 0.3;    // of word_score
constexpr size_t kCandidates = 48;  // by words, that are looked at closely
constexpr const char* kColumns = "SELECT id, text, source, told FROM facts ";

int64_t to_ms(system_clock::time_point time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}
system_clock::time_point from_ms(int64_t ms) {
    return system_clock::time_point(milliseconds(ms));
}

Fact fact_at(const Query& row) {
    return {row.integer(0), row.text(1), row.text(2), from_ms(row.integer(3))};
}

Result<std::vector<Fact>> facts_of(Query& query) {
    std::vector<Fact> out;
    CODA_TRY(bool more, query.step());
    while (more) {
        out.push_back(fact_at(query));
        CODA_TRY(more, query.step());
    }
    return out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

Status check_text(const std::string& text) {
    if (words_of(text).empty()) return fail(ErrorCode::invalid_argument, "an empty fact");
    if (text.size() > Store::kMaxText)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("a fact of {} bytes; {} fit", text.size(), Store::kMaxText));
    return {};
}

// An FTS5 expression that finds the facts with any content word of `question`.
std::string any_word(const std::string& question) {
    std::string out;
    for (const std::string& word : words_of(question))
        for (const std::string& form : {word, stem_of(word)})
            if (!is_function_word(word)) out += (out.empty() ? "\"" : " OR \"") + form + "\"";
    return out;
}

}  // namespace

struct SqliteStore::Impl {
    Options options;
    Database database;
    bool writable = true;
    std::string warning;

    Result<std::optional<Fact>> first(Query& query) {
        CODA_TRY(const bool row, query.step());
        return row ? std::optional(fact_at(query)) : std::nullopt;
    }

    Status may_write() const {
        if (writable) return {};
        return fail(ErrorCode::io, "the memory can only be read", options.path.string(),
                    "see to it that you own this file and its folder");
    }

    Status insert(const Fact& fact, bool with_id) {
        const std::vector<std::string> words = words_of(fact.text);
        CODA_TRY(Query query,
                 database.query(with_id ? "INSERT INTO facts(text, words, key, source, told, id) "
                                          "VALUES (?, ?, ?, ?, ?, ?)"
                                        : "INSERT INTO facts(text, words, key, source, told) "
                                          "VALUES (?, ?, ?, ?, ?)"));
        query.bind(1, fact.text).bind(2, joined(words)).bind(3, key_of(words)).bind(4, fact.source);
        query.bind(5, to_ms(fact.time));
        if (with_id) query.bind(6, fact.id);
        return query.run();
    }

    Status erase(int64_t id) {
        CODA_TRY(Query query, database.query("DELETE FROM facts WHERE id = ?"));
        query.bind(1, id);
        return query.run();
    }

    Result<Added> add(Fact fact) {
        CODA_CHECK(may_write());
        CODA_CHECK(check_text(fact.text));
        CODA_TRY(Transaction transaction, Transaction::begin(database));
        const std::vector<std::string> words = words_of(fact.text);
        Added out;
        CODA_TRY(Query same, database.query(std::string(kColumns) + "WHERE words = ? LIMIT 1"));
        CODA_TRY(const std::optional<Fact> known, first(same.bind(1, joined(words))));
        if (known) {
            fact.id = known->id;
            fact.source = known->source;
            CODA_TRY(Query renew, database.query("UPDATE facts SET told = max(told, ?) WHERE id = ?"));
            CODA_CHECK(renew.bind(1, to_ms(fact.time)).bind(2, fact.id).run());
            out = {std::move(fact), std::nullopt, true};
            same.reset();
            CODA_CHECK(transaction.commit());
            return out;
        }
        same.reset();
        CODA_TRY(out.replaced, take_replaced(key_of(words)));
        CODA_CHECK(put(std::move(fact), out));
        CODA_CHECK(transaction.commit());
        return out;
    }

    Result<std::optional<Fact>> take_replaced(const std::string& key) {
        if (key.empty()) return std::optional<Fact>();
        CODA_TRY(Query query,
                 database.query(std::string(kColumns) + "WHERE key = ? ORDER BY told DESC LIMIT 1"));
        CODA_TRY(std::optional<Fact> old, first(query.bind(1, key)));
        query.reset();
        if (old) CODA_CHECK(erase(old->id));
        return old;
    }

    Status put(Fact fact, Added& out) {
        CODA_TRY(const int64_t count, database.integer("SELECT count(*) FROM facts"));
        if (static_cast<size_t>(count) >= kMaxFacts)
            return fail(ErrorCode::exhausted, fmt::format("{} facts are all that fit", kMaxFacts),
                        options.path.string(), "forget some of them");
        CODA_CHECK(insert(fact, false));
        fact.id = database.last_id();
        out.fact = std::move(fact);
        return {};
    }

    Result<std::vector<Fact>> by_words(const std::string& question) {
        const std::string expression = any_word(question);
        if (expression.empty()) return std::vector<Fact>();
        CODA_TRY(
            Query query,
            database.query("SELECT f.id, f.text, f.source, f.told FROM fact_words w JOIN facts f ON f.id = "
                           "w.rowid WHERE fact_words MATCH ? ORDER BY bm25(fact_words) LIMIT ?"));
        query.bind(1, expression).bind(2, static_cast<int64_t>(kCandidates));
        return facts_of(query);
    }
};

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(Options options) {
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    const std::filesystem::path& path = impl->options.path;
    if (path != ":memory:") {
        std::error_code ignored;  // opening says what is wrong
        std::filesystem::create_directories(path.parent_path(), ignored);
    }
    CODA_TRY(impl->database, Database::open(path, Database::Mode::write));
    CODA_CHECK(impl->database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"));
    CODA_CHECK(migrate(impl->database));
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

const std::string& SqliteStore::warning() const {
    return impl_->warning;
}

Result<Added> SqliteStore::add(const std::string& text, const std::string& source) {
    return impl_->add({0, text, source, from_ms(to_ms(system_clock::now()))});
}

Result<Added> SqliteStore::add(const Fact& fact) {
    return impl_->add(fact);
}

Result<Added> SqliteStore::correct(const std::string& text, const std::string& instead_of) {
    CODA_CHECK(impl_->may_write());
    CODA_CHECK(check_text(text));
    const std::vector<std::string> subject = statement_of(words_of(text)).subject;
    CODA_TRY(const std::vector<Fact> near, impl_->by_words(instead_of.empty() ? text : instead_of));
    const std::string wrong = joined(words_of(instead_of));
    std::optional<Fact> old;
    for (const Fact& fact : near) {
        const std::vector<std::string> words = words_of(fact.text);
        const bool same = !subject.empty() && statement_of(words).subject == subject;
        const bool says_it =
            wrong.empty() || (" " + joined(words) + " ").find(" " + wrong + " ") != std::string::npos;
        if (same && says_it && (!old || fact.time > old->time)) old = fact;
    }
    if (!old) return fail(ErrorCode::not_found, "nothing was told about that");
    CODA_TRY(Transaction transaction, Transaction::begin(impl_->database));
    Added out;
    out.replaced = old;
    CODA_CHECK(impl_->erase(old->id));
    CODA_CHECK(impl_->put({0, text, old->source, from_ms(to_ms(system_clock::now()))}, out));
    CODA_CHECK(transaction.commit());
    return out;
}

Status SqliteStore::restore(const Fact& fact) {
    CODA_CHECK(impl_->may_write());
    return impl_->insert(fact, true);
}

Result<std::vector<Recalled>> SqliteStore::search(const std::string& question, size_t limit) {
    CODA_TRY(const std::vector<Fact> near, impl_->by_words(question));
    std::vector<Recalled> out;
    for (const Fact& fact : near)
        if (const double score = word_score(question, fact.text); score >= kWordBar)
            out.push_back({fact, score});
    std::stable_sort(out.begin(), out.end(), [](const Recalled& a, const Recalled& b) {
        return a.score != b.score ? a.score > b.score : a.fact.time > b.fact.time;
    });
    if (out.size() > limit) out.resize(limit);
    return out;
}

Result<std::vector<Fact>> SqliteStore::all() {
    CODA_TRY(Query query, impl_->database.query(std::string(kColumns) + "ORDER BY told, id"));
    return facts_of(query);
}

Result<Fact> SqliteStore::get(int64_t id) {
    CODA_TRY(Query query, impl_->database.query(std::string(kColumns) + "WHERE id = ?"));
    CODA_TRY(const std::optional<Fact> fact, impl_->first(query.bind(1, id)));
    if (!fact)
        return fail(ErrorCode::not_found, fmt::format("there is no memory {}", id), "",
                    "coda memory list shows the numbers");
    return *fact;
}

Result<Fact> SqliteStore::edit(int64_t id, const std::string& text) {
    CODA_CHECK(impl_->may_write());
    CODA_CHECK(check_text(text));
    CODA_TRY(Fact fact, get(id));
    fact.text = text;
    CODA_TRY(Transaction transaction, Transaction::begin(impl_->database));
    CODA_CHECK(impl_->erase(id));
    CODA_CHECK(impl_->insert(fact, true));
    CODA_CHECK(transaction.commit());
    return fact;
}

Status SqliteStore::remove(int64_t id) {
    CODA_CHECK(impl_->may_write());
    CODA_TRY(const Fact fact, get(id));
    return impl_->erase(fact.id);
}

Status SqliteStore::clear() {
    CODA_CHECK(impl_->may_write());
    CODA_TRY(Transaction transaction, Transaction::begin(impl_->database));
    CODA_CHECK(impl_->database.execute("DELETE FROM facts"));
    return transaction.commit();
}

Result<size_t> SqliteStore::size() {
    CODA_TRY(const int64_t count, impl_->database.integer("SELECT count(*) FROM facts"));
    return static_cast<size_t>(count);
}

Status SqliteStore::tidy(const Cancel&) {
    return {};
}

}  // namespace coda::memory

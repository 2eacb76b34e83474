#include "memory/sqlite_store.h"

#include "base/log.h"
#include "memory/recovery.h"
#include "memory/vectors.h"
#include "memory/wording.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace coda::memory {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr size_t kCandidates = 32;  // by words, and as many by meaning, that are looked at closely
constexpr size_t kVariants = 3;     // of a question: with "my sister", with her name
constexpr const char* kColumns = "SELECT id, text, source, told, importance FROM facts ";

system_clock::time_point from_ms(int64_t ms) {
    return system_clock::time_point(milliseconds(ms));
}
int64_t to_ms(system_clock::time_point time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}
system_clock::time_point now() {
    return from_ms(to_ms(system_clock::now()));
}

Fact fact_at(const Query& row) {
    return {row.integer(0), row.text(1), row.text(2), from_ms(row.integer(3)), row.number(4)};
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

Result<std::optional<Fact>> first_of(Query& query) {
    CODA_TRY(const bool row, query.step());
    std::optional<Fact> out;
    if (row) out = fact_at(query);
    query.reset();
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

// An FTS5 expression that finds the facts with any content word of the questions.
std::string any_word(std::span<const std::string> questions) {
    std::set<std::string> words;
    for (const std::string& question : questions)
        for (const std::string& word : words_of(question))
            if (!is_function_word(word)) words.insert({word, stem_of(word)});
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "\"" : " OR \"") + word + "\"";
    return out;
}

}  // namespace

double importance_of(const std::string& source) {
    return source == "in passing" ? 0.3 : 0.5;
}

struct SqliteStore::Impl {
    Options options;
    Opened file;
    // What search needs of all facts, read when it is first needed and again when another process wrote.
    Vectors vectors;
    Kin kin;
    bool loaded = false;
    int64_t data_version = -1;

    Database& database() { return file.database; }

    Status may_write() const {
        if (file.writable) return {};
        return fail(ErrorCode::io, "the memory can only be read", options.path.string(),
                    "see to it that you own this file and its folder");
    }

    // ---- the index

    Status load() {
        CODA_TRY(const int64_t version, database().integer("PRAGMA data_version"));
        if (loaded && version == data_version) return {};
        vectors.clear();
        kin = Kin();
        if (options.embedder) {
            CODA_TRY(Query all, database().query("SELECT fact, vector FROM vectors WHERE model = ?"));
            all.bind(1, options.embedder->name());
            CODA_TRY(bool more, all.step());
            while (more) {
                vectors.add(all.integer(0), all.bytes(1));
                CODA_TRY(more, all.step());
            }
        }
        CODA_TRY(Query texts, database().query("SELECT text FROM facts WHERE length(text) < 120"));
        CODA_TRY(bool more, texts.step());
        while (more) {
            kin.learn(texts.text(0));
            CODA_TRY(more, texts.step());
        }
        kin.settle();
        loaded = true;
        data_version = version;
        return {};
    }

    using Chunks = std::vector<std::vector<int8_t>>;

    // Empty where there is no embedder, or it fails: the fact is kept all the same, and tidy tries again.
    Chunks embedded(const std::string& text, const Cancel& cancel) {
        Chunks out;
        if (!options.embedder) return out;
        for (const std::string& chunk : chunks_of(text)) {
            const auto vector = options.embedder->embed(chunk, cancel);
            if (!vector) {
                log::debug("memory: {}", vector.error().message());
                return {};
            }
            out.push_back(quantized(*vector));
        }
        return out;
    }

    Status keep_vectors(int64_t id, const Chunks& chunks) {
        if (chunks.empty()) return {};
        CODA_TRY(Query query,
                 database().query(
                     "INSERT OR REPLACE INTO vectors(fact, chunk, model, vector) VALUES (?, ?, ?, ?)"));
        for (size_t i = 0; i < chunks.size(); ++i) {
            query.bind(1, id).bind(2, static_cast<int64_t>(i)).bind(3, options.embedder->name());
            CODA_CHECK(query.bind(4, std::span<const int8_t>(chunks[i])).run());
        }
        return {};
    }

    void index_added(const Fact& fact, const Chunks& chunks) {
        if (!loaded) return;
        for (const std::vector<int8_t>& chunk : chunks) vectors.add(fact.id, chunk);
        if (kin.learn(fact.text)) kin.settle();
    }
    void index_removed(const Fact& fact) {
        if (!loaded) return;
        vectors.remove(fact.id);
        if (Kin().learn(fact.text)) loaded = false;  // who is who has to be learned anew
    }

    // ---- writing

    Status erase(int64_t id) {
        CODA_TRY(Query query, database().query("DELETE FROM facts WHERE id = ?"));
        return query.bind(1, id).run();
    }

    // Within a transaction: `fact` in the place of `old`, if any.
    Status put(Fact& fact, const std::optional<Fact>& old, const Chunks& chunks, bool with_id) {
        if (old) CODA_CHECK(erase(old->id));
        CODA_CHECK(insert_fact(database(), fact, with_id));
        if (!with_id) fact.id = database().last_id();
        return keep_vectors(fact.id, chunks);
    }

    Result<Added> write(Fact fact, std::optional<Fact> old, Transaction transaction, const Chunks& chunks,
                        bool with_id = false) {
        CODA_CHECK(put(fact, old, chunks, with_id));
        CODA_CHECK(transaction.commit());
        if (old) index_removed(*old);
        index_added(fact, chunks);
        return Added{std::move(fact), std::move(old), false};
    }

    Result<Added> renew(Fact fact, const Fact& known, Transaction transaction) {
        fact.id = known.id;
        fact.importance = std::max(fact.importance, known.importance);
        CODA_TRY(Query query,
                 database().query("UPDATE facts SET told = max(told, ?), importance = ? WHERE id = ?"));
        CODA_CHECK(query.bind(1, to_ms(fact.time)).bind(2, fact.importance).bind(3, fact.id).run());
        CODA_CHECK(transaction.commit());
        return Added{std::move(fact), std::nullopt, true};
    }

    Result<Added> add(Fact fact) {
        CODA_CHECK(may_write());
        CODA_CHECK(check_text(fact.text));
        const Chunks chunks = embedded(fact.text, Cancel());
        const std::vector<std::string> words = words_of(fact.text);
        CODA_TRY(Transaction transaction, Transaction::begin(database()));
        CODA_TRY(Query same, database().query(std::string(kColumns) + "WHERE words = ? LIMIT 1"));
        CODA_TRY(const std::optional<Fact> known, first_of(same.bind(1, joined(words))));
        if (known) return renew(std::move(fact), *known, std::move(transaction));
        std::optional<Fact> old;
        if (const std::string key = key_of(words); !key.empty()) {
            CODA_TRY(Query alike,
                     database().query(std::string(kColumns) + "WHERE key = ? ORDER BY told DESC LIMIT 1"));
            CODA_TRY(old, first_of(alike.bind(1, key)));
        }
        CODA_TRY(const int64_t count, database().integer("SELECT count(*) FROM facts"));
        if (!old && static_cast<size_t>(count) >= kMaxFacts)
            return fail(ErrorCode::exhausted, fmt::format("{} facts are all that fit", kMaxFacts),
                        options.path.string(), "forget some of them");
        return write(std::move(fact), std::move(old), std::move(transaction), chunks);
    }

    // ---- searching

    Result<std::vector<Fact>> by_words(std::span<const std::string> questions) {
        const std::string expression = any_word(questions);
        if (expression.empty()) return std::vector<Fact>();
        CODA_TRY(Query query,
                 database().query("SELECT f.id, f.text, f.source, f.told, f.importance FROM "
                                  "(SELECT rowid FROM fact_words WHERE fact_words MATCH ? ORDER BY "
                                  "rank LIMIT ?) w JOIN facts f ON f.id = w.rowid"));
        query.bind(1, expression).bind(2, static_cast<int64_t>(kCandidates));
        return facts_of(query);
    }

    Result<std::vector<Candidate>> candidates(std::span<const std::string> questions) {
        std::vector<Candidate> out;
        CODA_TRY(std::vector<Fact> near, by_words(questions));
        std::set<int64_t> seen;
        for (Fact& fact : near) {
            seen.insert(fact.id);
            out.push_back({std::move(fact), -1});
        }
        Chunks asked;
        if (vectors.size() > 0)
            for (const std::string& question : questions)
                for (std::vector<int8_t>& vector : embedded(question, Cancel()))
                    asked.push_back(std::move(vector));
        if (asked.empty()) return out;
        for (Candidate& candidate : out) candidate.cosine = vectors.cosine(candidate.fact.id, asked);
        CODA_TRY(Query query, database().query(std::string(kColumns) + "WHERE id = ?"));
        for (const Vectors::Near& meant : vectors.nearest(asked, kCandidates)) {
            if (!seen.insert(meant.id).second) continue;
            CODA_TRY(std::optional<Fact> fact, first_of(query.bind(1, meant.id)));
            if (fact) out.push_back({std::move(*fact), meant.cosine});
        }
        return out;
    }
};

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(Options options) {
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    CODA_TRY(impl->file, open_whole(impl->options.path));
    if (impl->options.max_pages > 0)
        CODA_CHECK(
            impl->database().execute(fmt::format("PRAGMA max_page_count = {}", impl->options.max_pages)));
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

const std::string& SqliteStore::warning() const {
    return impl_->file.warning;
}

Result<Added> SqliteStore::add(const std::string& text, const std::string& source) {
    return impl_->add({0, text, source, now(), importance_of(source)});
}

Result<Added> SqliteStore::add(const Fact& fact) {
    return impl_->add(fact);
}

Result<Added> SqliteStore::correct(const std::string& text, const std::string& instead_of) {
    CODA_CHECK(impl_->may_write());
    CODA_CHECK(check_text(text));
    const std::vector<std::string> subject = statement_of(words_of(text)).subject;
    const std::string about = joined(subject) + " " + (instead_of.empty() ? text : instead_of);
    CODA_TRY(const std::vector<Fact> near, impl_->by_words({&about, 1}));
    const std::string wrong = " " + joined(words_of(instead_of)) + " ";
    std::optional<Fact> old;
    for (const Fact& fact : near) {
        const std::vector<std::string> words = words_of(fact.text);
        const bool same = !subject.empty() && statement_of(words).subject == subject;
        const bool says_it =
            instead_of.empty() || (" " + joined(words) + " ").find(wrong) != std::string::npos;
        if (same && says_it && (!old || fact.time > old->time)) old = fact;
    }
    if (!old) return fail(ErrorCode::not_found, "nothing was told about that");
    const auto chunks = impl_->embedded(text, Cancel());
    CODA_TRY(Transaction transaction, Transaction::begin(impl_->database()));
    return impl_->write({0, text, old->source, now(), old->importance}, old, std::move(transaction), chunks);
}

Status SqliteStore::restore(const Fact& fact) {
    CODA_CHECK(impl_->may_write());
    const auto chunks = impl_->embedded(fact.text, Cancel());
    CODA_TRY(Transaction transaction, Transaction::begin(impl_->database()));
    CODA_TRY(const Added added, impl_->write(fact, std::nullopt, std::move(transaction), chunks, true));
    static_cast<void>(added);
    return {};
}

Result<std::vector<Recalled>> SqliteStore::search(const std::string& question, size_t limit) {
    CODA_CHECK(impl_->load());
    const std::vector<std::string> asked = impl_->kin.variants(question, kVariants);
    CODA_TRY(std::vector<Candidate> candidates, impl_->candidates(asked));
    return rank(asked, std::move(candidates), impl_->kin, impl_->options.weighing, system_clock::now(),
                limit);
}

Result<std::vector<Fact>> SqliteStore::about(const std::string& subject) {
    CODA_CHECK(impl_->load());
    std::vector<Fact> out;
    for (const std::string& variant : impl_->kin.variants(subject, kVariants)) {
        const std::set<std::string> asked = content_of(words_of(variant));
        if (asked.empty()) continue;
        CODA_TRY(Query query,
                 impl_->database().query(std::string(kColumns) +
                                         "WHERE id IN (SELECT rowid FROM "
                                         "fact_words WHERE fact_words MATCH ?) ORDER BY told, id"));
        const std::string expression = any_word({&variant, 1});
        query.bind(1, expression);
        CODA_TRY(const std::vector<Fact> near, facts_of(query));
        for (const Fact& fact : near) {
            const std::set<std::string> said = content_of(words_of(fact.text));
            const bool all = std::includes(said.begin(), said.end(), asked.begin(), asked.end());
            const bool known =
                std::any_of(out.begin(), out.end(), [&](const Fact& other) { return other.id == fact.id; });
            if (all && !known) out.push_back(fact);
        }
    }
    return out;
}

Result<std::vector<Fact>> SqliteStore::all() {
    CODA_TRY(Query query, impl_->database().query(std::string(kColumns) + "ORDER BY told, id"));
    return facts_of(query);
}

Result<Fact> SqliteStore::get(int64_t id) {
    CODA_TRY(Query query, impl_->database().query(std::string(kColumns) + "WHERE id = ?"));
    CODA_TRY(const std::optional<Fact> fact, first_of(query.bind(1, id)));
    if (!fact)
        return fail(ErrorCode::not_found, fmt::format("there is no memory {}", id), "",
                    "coda memory list shows their numbers");
    return *fact;
}

Result<Fact> SqliteStore::edit(int64_t id, const std::string& text) {
    CODA_CHECK(impl_->may_write());
    CODA_CHECK(check_text(text));
    CODA_TRY(const Fact old, get(id));
    Fact fact = old;
    fact.text = text;
    const auto chunks = impl_->embedded(text, Cancel());
    CODA_TRY(Transaction transaction, Transaction::begin(impl_->database()));
    CODA_TRY(Added added, impl_->write(fact, old, std::move(transaction), chunks, true));
    return std::move(added.fact);
}

Status SqliteStore::remove(int64_t id) {
    CODA_CHECK(impl_->may_write());
    CODA_TRY(const Fact fact, get(id));
    CODA_CHECK(impl_->erase(fact.id));
    impl_->index_removed(fact);
    return {};
}

Status SqliteStore::clear() {
    CODA_CHECK(impl_->may_write());
    CODA_CHECK(impl_->database().execute("DELETE FROM facts"));
    impl_->loaded = false;
    return {};
}

Result<size_t> SqliteStore::size() {
    CODA_TRY(const int64_t count, impl_->database().integer("SELECT count(*) FROM facts"));
    return static_cast<size_t>(count);
}

Result<size_t> SqliteStore::without_vector() {
    CODA_TRY(Query query,
             impl_->database().query("SELECT count(*) FROM facts WHERE NOT EXISTS (SELECT 1 FROM vectors "
                                     "WHERE fact = facts.id AND model = ?)"));
    query.bind(1, impl_->options.embedder ? impl_->options.embedder->name() : std::string());
    CODA_TRY(const bool row, query.step());
    return row ? static_cast<size_t>(query.integer(0)) : size_t{0};
}

Status SqliteStore::tidy(const Cancel& cancel) {
    if (!impl_->options.embedder || !impl_->file.writable) return {};
    constexpr int64_t kBatch = 64;  // facts to a commit
    for (;;) {
        CODA_TRY(Query query,
                 impl_->database().query(std::string(kColumns) +
                                         "WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE fact = facts.id "
                                         "AND model = ?) LIMIT ?"));
        query.bind(1, impl_->options.embedder->name()).bind(2, kBatch);
        CODA_TRY(const std::vector<Fact> facts, facts_of(query));
        query.reset();
        if (facts.empty()) return {};
        std::vector<Impl::Chunks> made;
        for (const Fact& fact : facts) {
            made.push_back(impl_->embedded(fact.text, cancel));
            if (cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
            if (made.back().empty()) return fail(ErrorCode::unavailable, "the embedder fails");
        }
        CODA_TRY(Transaction transaction, Transaction::begin(impl_->database()));
        for (size_t i = 0; i < facts.size(); ++i) CODA_CHECK(impl_->keep_vectors(facts[i].id, made[i]));
        CODA_CHECK(transaction.commit());
        if (impl_->loaded)
            for (size_t i = 0; i < facts.size(); ++i)
                for (const std::vector<int8_t>& chunk : made[i]) impl_->vectors.add(facts[i].id, chunk);
    }
}

}  // namespace coda::memory

// coda memory: what is remembered, to look at, change, take along and bring back.
#include "app/command.h"
#include "app/loading.h"
#include "app/memory_file.h"
#include "app/text_input.h"
#include "base/file_map.h"

#include <chrono>
#include <ctime>
#include <sstream>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace coda::app {
namespace {

using memory::Fact;
using memory::SqliteStore;
using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr size_t kMaxImport = 1 << 30;  // bytes

struct Options {
    std::vector<std::string> words;
    std::string file;
    int64_t id = 0;
    int limit = 10;
    bool all = false;
};

std::string iso_time(system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto ms = std::chrono::duration_cast<milliseconds>(time - seconds).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(seconds)), ms);
}

Result<system_clock::time_point> read_time(const std::string& text, const std::string& where) {
    std::tm parts{};
    int ms = 0, used = 0;
    const int count = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used);
    const std::string rest = count == 6 ? text.substr(static_cast<size_t>(used)) : std::string();
    const bool plain = rest == "Z" || rest.empty();
    const bool fraction =
        rest.size() == 5 && rest[0] == '.' && rest[4] == 'Z' && std::sscanf(rest.c_str(), ".%3dZ", &ms) == 1;
    const std::chrono::year_month_day day{std::chrono::year(parts.tm_year),
                                          std::chrono::month(static_cast<unsigned>(parts.tm_mon)),
                                          std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
    if (count != 6 || (!plain && !fraction) || !day.ok() || parts.tm_hour > 23 || parts.tm_min > 59 ||
        parts.tm_sec > 60)
        return fail(ErrorCode::bad_format, "\"" + one_line(text) + "\" is no time", where,
                    "write it as 2026-11-27T08:30:00Z");
    return system_clock::time_point(std::chrono::sys_days(day)) + std::chrono::hours(parts.tm_hour) +
           std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec) + milliseconds(ms);
}

nlohmann::json to_json(const Fact& fact) {
    return {{"id", fact.id},
            {"text", fact.text},
            {"source", fact.source},
            {"time", iso_time(fact.time)},
            {"importance", fact.importance}};
}

void show(Context& context, const Fact& fact) {
    context.output.line(fmt::format("{:>5}  {:%Y-%m-%d}  {}  ({})", fact.id,
                                    fmt::localtime(system_clock::to_time_t(fact.time)), one_line(fact.text),
                                    one_line(fact.source)));
    context.output.object(to_json(fact));
}

// The store with embeddings where the packaged model is installed.
struct Opened {
    std::unique_ptr<assistant::Engine> engine;
    std::unique_ptr<SqliteStore> store;
};
Result<Opened> open(Context& context, bool embeddings) {
    Opened out;
    if (embeddings) {
        Parts parts;
        parts.embeddings = true;
        CODA_TRY(out.engine, load_engine(context, parts));
    }
    CODA_TRY(out.store, open_memory(context, out.engine.get()));
    return out;
}

Result<int> list(Context& context, const Options&) {
    CODA_TRY(const Opened memory, open(context, false));
    CODA_TRY(const std::vector<Fact> facts, memory.store->all());
    for (const Fact& fact : facts) show(context, fact);
    if (facts.empty()) context.output.line("Nothing is remembered yet. Say: remember that ...");
    return kOk;
}

Result<int> search(Context& context, const Options& options) {
    CODA_TRY(const std::string question, text_from(options.words));
    CODA_TRY(const Opened memory, open(context, true));
    CODA_TRY(const auto found, memory.store->search(question, static_cast<size_t>(options.limit)));
    for (const memory::Recalled& recalled : found) {
        context.output.line(
            fmt::format("{:>5}  {:.2f}  {}", recalled.fact.id, recalled.score, one_line(recalled.fact.text)));
        nlohmann::json line = to_json(recalled.fact);
        line["score"] = recalled.score;
        context.output.object(line);
    }
    if (found.empty()) context.output.line("Nothing that is likely to answer this.");
    return kOk;
}

Result<int> add(Context& context, const Options& options) {
    CODA_TRY(const std::string text, text_from(options.words));
    CODA_TRY(const Opened memory, open(context, true));
    CODA_TRY(const memory::Added added, memory.store->add(text, "typed"));
    show(context, added.fact);
    if (added.replaced) context.output.note("in the place of: " + one_line(added.replaced->text));
    if (added.known) context.output.note("that was known");
    return kOk;
}

Result<int> edit(Context& context, const Options& options) {
    CODA_TRY(const std::string text, text_from(options.words));
    CODA_TRY(const Opened memory, open(context, true));
    CODA_TRY(const Fact fact, memory.store->edit(options.id, text));
    show(context, fact);
    return kOk;
}

Result<int> forget(Context& context, const Options& options) {
    if (options.all == (options.id > 0))
        return fail(ErrorCode::invalid_argument, "forget takes the number of a memory, or --all", "",
                    "coda memory list shows the numbers");
    CODA_TRY(const Opened memory, open(context, false));
    if (options.all) {
        CODA_TRY(const size_t count, memory.store->size());
        CODA_CHECK(memory.store->clear());
        context.output.line(fmt::format("Forgot everything: {} memories.", count));
        context.output.object({{"forgotten", count}});
        return kOk;
    }
    CODA_TRY(const Fact fact, memory.store->get(options.id));
    CODA_CHECK(memory.store->remove(options.id));
    context.output.line("Forgot: " + one_line(fact.text));
    context.output.object(to_json(fact));
    return kOk;
}

Result<int> write_out(Context& context, const Options& options) {
    CODA_TRY(const Opened memory, open(context, false));
    CODA_TRY(const std::vector<Fact> facts, memory.store->all());
    std::string lines;
    for (const Fact& fact : facts)
        lines += to_json(fact).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (options.file.empty()) {
        if (context.output.json())
            for (const Fact& fact : facts) context.output.object(to_json(fact));
        else
            context.output.text(lines);
        return kOk;
    }
    CODA_CHECK(write_file_atomic(options.file, lines));
    context.output.line(fmt::format("{} memories written to {}", facts.size(), options.file));
    context.output.object({{"exported", facts.size()}, {"file", options.file}});
    return kOk;
}

// One line of an export. Only "text" must be there.
Result<Fact> read_line(const std::string& line, const std::string& where) {
    const auto bad = [&](const std::string& what) {
        return fail(ErrorCode::bad_format, what, where, "write lines as coda memory export does");
    };
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return bad("is no JSON object");
    Fact fact;
    if (!json.contains("text") || !json["text"].is_string()) return bad("has no \"text\"");
    fact.text = json["text"].get<std::string>();
    fact.source = "import";
    if (json.contains("source")) {
        if (!json["source"].is_string() || json["source"].get<std::string>().size() > 100)
            return bad("\"source\" is no short text");
        fact.source = json["source"].get<std::string>();
    }
    if (json.contains("importance")) {
        if (!json["importance"].is_number()) return bad("\"importance\" is no number");
        fact.importance = json["importance"].get<double>();
        if (!(fact.importance >= 0 && fact.importance <= 1))
            return bad("\"importance\" is not between 0 and 1");
    }
    fact.time = std::chrono::time_point_cast<milliseconds>(system_clock::now());
    if (json.contains("time")) {
        if (!json["time"].is_string()) return bad("\"time\" is no text");
        CODA_TRY(fact.time, read_time(json["time"].get<std::string>(), where));
    }
    return fact;
}

// All lines are read before the first is kept, so that a bad one changes nothing.
Result<int> read_in(Context& context, const Options& options) {
    CODA_TRY(const std::string text, read_file(options.file, kMaxImport));
    std::istringstream stream(text);
    std::vector<Fact> facts;
    size_t number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        CODA_TRY(Fact fact, read_line(line, fmt::format("{}:{}", options.file, number)));
        facts.push_back(std::move(fact));
    }
    CODA_TRY(const Opened memory, open(context, true));
    size_t added = 0, replaced = 0, known = 0;
    for (const Fact& fact : facts) {
        if (context.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        CODA_TRY(const memory::Added one, memory.store->add(fact));
        added += !one.known && !one.replaced;
        replaced += one.replaced.has_value();
        known += one.known;
    }
    context.output.line(
        fmt::format("{} memories added, {} replaced, {} known already", added, replaced, known));
    context.output.object({{"added", added}, {"replaced", replaced}, {"known", known}});
    return kOk;
}

}  // namespace

void add_memory(Commands& commands) {
    using Act = Result<int> (*)(Context&, const Options&);
    auto options = std::make_shared<Options>();
    CLI::App* memory = commands.root().add_subcommand("memory", "What Coda remembers of what you told it");
    memory->require_subcommand(0, 1);
    const auto on = [&commands, options](CLI::App* command, Act act) {
        commands.on(command, [options, act](Context& context) {
            const auto status = act(context, *options);
            return status ? *status : context.output.fail(status.error());
        });
    };
    on(memory, list);
    on(memory->add_subcommand("list", "Everything, oldest first"), list);

    CLI::App* searching = memory->add_subcommand("search", "What answers a question, best first");
    searching->add_option("TEXT", options->words, "The question (or through a pipe)");
    searching->add_option("--limit", options->limit, "How many at most")->check(CLI::Range(1, 1000));
    on(searching, search);

    CLI::App* adding = memory->add_subcommand("add", "Remember something");
    adding->add_option("TEXT", options->words, "What (or through a pipe)");
    on(adding, add);

    CLI::App* editing = memory->add_subcommand("edit", "Change the words of a memory");
    editing->add_option("ID", options->id, "Its number")->required()->check(CLI::PositiveNumber);
    editing->add_option("TEXT", options->words, "The new words (or through a pipe)");
    on(editing, edit);

    CLI::App* forgetting = memory->add_subcommand("forget", "Forget one memory, or all");
    forgetting->add_option("ID", options->id, "Its number")->check(CLI::PositiveNumber);
    forgetting->add_flag("--all", options->all, "Everything");
    on(forgetting, forget);

    CLI::App* exporting = memory->add_subcommand("export", "Everything as JSON lines");
    exporting->add_option("FILE", options->file, "Where to (stdout when left out)");
    on(exporting, write_out);

    CLI::App* importing = memory->add_subcommand("import", "Add what an export wrote");
    importing->add_option("FILE", options->file, "JSON lines; only \"text\" must be there")->required();
    on(importing, read_in);
}

}  // namespace coda::app

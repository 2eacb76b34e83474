#include "tune/plan_file.h"

#include "base/file_map.h"
#include "base/paths.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::tune {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr const char* kWhat = "coda plans";
constexpr size_t kLongestFile = size_t{64} << 20, kLongestText = 4096, kMostParts = 256;
constexpr int kMostThreads = 256;

bool is_number(std::string_view text, int least, int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
}

// Lower-case letters and digits, as instruction sets are called.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// Reads one entry; the first thing that is wrong is kept.
class Reader {
  public:
    explicit Reader(std::string where) : where_(std::move(where)) {}
    bool good() const { return problem_.empty(); }
    Error error() const { return {ErrorCode::bad_format, problem_, where_, "run coda tune again"}; }

    std::string text(const json& object, const char* key) {
        const json* value = member(object, key);
        if (!value || !value->is_string() || value->get_ref<const std::string&>().size() > kLongestText)
            return wrong(key, "is no text"), std::string();
        return value->get<std::string>();
    }
    double number(const json& object, const char* key) {
        const json* value = member(object, key);
        if (!value || !value->is_number() || !std::isfinite(value->get<double>()))
            return wrong(key, "is no number"), 0;
        return value->get<double>();
    }
    const json& part(const json& object, const char* key, json::value_t type) {
        static const json kEmptyArray = json::array(), kEmptyObject = json::object();
        const json* value = member(object, key);
        if (value && value->type() == type && value->size() <= kMostParts) return *value;
        wrong(key, "is missing or no list of its kind");
        return type == json::value_t::array ? kEmptyArray : kEmptyObject;
    }
    void wrong(const std::string& key, const char* what) {
        if (problem_.empty()) problem_ = fmt::format("\"{}\" {}", key, what);
    }

  private:
    static const json* member(const json& object, const char* key) {
        if (!object.is_object()) return nullptr;
        const auto found = object.find(key);
        return found == object.end() ? nullptr : &*found;
    }
    std::string where_, problem_;
};

json to_json(const Spread& s) {
    return {{"median", s.median}, {"lower", s.lower}, {"upper", s.upper}};
}
Spread spread(Reader& reader, const json& object, const char* key) {
    const json& s = reader.part(object, key, json::value_t::object);
    return {reader.number(s, "median"), reader.number(s, "lower"), reader.number(s, "upper")};
}

json to_json(const Comparison& c) {
    return {{"before", to_json(c.reference)},
            {"after", to_json(c.candidate)},
            {"ratio", c.ratio},
            {"spread", c.spread},
            {"verdict", to_string(c.verdict)}};
}
Comparison comparison(Reader& reader, const json& object, const char* key) {
    const json& c = reader.part(object, key, json::value_t::object);
    Comparison result{spread(reader, c, "before"), spread(reader, c, "after"), reader.number(c, "ratio"),
                      reader.number(c, "spread"), Verdict::same};
    const std::string verdict = reader.text(c, "verdict");
    bool known = false;
    for (const Verdict v : {Verdict::same, Verdict::faster, Verdict::slower}) {
        if (verdict != to_string(v)) continue;
        result.verdict = v;
        known = true;
    }
    if (!known) reader.wrong("verdict", "is none");
    return result;
}

json to_json(const Plan& plan) {
    json evidence = json::array();
    for (const Evidence& e : plan.evidence)
        evidence.push_back({{"setting", e.setting},
                            {"value", e.value},
                            {"instead_of", e.instead_of},
                            {"seconds", to_json(e.seconds)}});
    return {{"device", plan.key.device},     {"build", plan.key.build},   {"models", plan.key.models},
            {"workload", plan.key.workload}, {"settings", plan.settings}, {"evidence", evidence},
            {"whole", to_json(plan.whole)},  {"date", plan.date},         {"used", plan.used}};
}

Plan plan_of(Reader& reader, const json& entry) {
    Plan plan;
    plan.key = {reader.text(entry, "device"), reader.text(entry, "build"), reader.text(entry, "models"),
                reader.text(entry, "workload")};
    for (const auto& [name, value] : reader.part(entry, "settings", json::value_t::object).items()) {
        if (!value.is_string() || !may_be_planned(name, value.get_ref<const std::string&>()))
            reader.wrong(name, "may not be planned, or not to be that");
        else
            plan.settings[name] = value.get<std::string>();
    }
    for (const json& e : reader.part(entry, "evidence", json::value_t::array))
        plan.evidence.push_back({reader.text(e, "setting"), reader.text(e, "value"),
                                 reader.text(e, "instead_of"), comparison(reader, e, "seconds")});
    plan.whole = comparison(reader, entry, "whole");
    plan.date = reader.text(entry, "date");
    const double used = reader.number(entry, "used");
    if (!(used >= 0 && used < 1e9)) reader.wrong("used", "is no day");
    plan.used = reader.good() ? static_cast<int64_t>(used) : 0;
    return plan;
}

// Where a file goes that cannot be used, so that a person can look at it.
std::string set_aside(const std::filesystem::path& file, const std::string& why) {
    std::filesystem::path aside = file;
    aside += ".broken";
    std::error_code error;
    std::filesystem::rename(file, aside, error);
    if (error) return fmt::format("{}; it could not be set aside ({})", why, error.message());
    return fmt::format("{}; set aside as {}, going on with the defaults", why, aside.string());
}

}  // namespace

bool may_be_planned(std::string_view setting, std::string_view value) {
    if (setting == "runtime.threads") return is_number(value, 1, kMostThreads);
    if (setting == "runtime.turn_threads") return is_number(value, 1, kMostThreads);
    return setting == "runtime.instruction_set" && is_name(value);
}

Result<std::vector<Plan>> parse_plans(std::string_view text, const std::string& source) {
    const json file = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!file.is_object() || file.value("what", json()) != kWhat)
        return fail(ErrorCode::bad_format, "is no plan file", source, "run coda tune again");
    if (file.value("format", json()) != kFormat)
        return fail(ErrorCode::unsupported, fmt::format("is a plan file of another format than {}", kFormat),
                    source, "run coda tune again");
    const auto entries = file.find("plans");
    if (entries == file.end() || !entries->is_array())
        return fail(ErrorCode::bad_format, "has no list of plans", source, "run coda tune again");
    std::vector<Plan> plans;
    for (const json& entry : *entries) {
        Reader reader(fmt::format("{}: plan {}", source, plans.size() + 1));
        plans.push_back(plan_of(reader, entry));
        if (!reader.good()) return tl::unexpected(reader.error());
    }
    return plans;
}

std::string to_json_text(const std::vector<Plan>& plans) {
    json list = json::array();
    for (const Plan& plan : plans) list.push_back(to_json(plan));
    const json file = {{"what", kWhat}, {"format", kFormat}, {"plans", list}};
    return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

KeptPlans read_plans(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return {};
    const auto text = read_file(file, kLongestFile);
    if (!text) return {{}, text.error().message()};
    auto plans = parse_plans(*text, file.string());
    if (!plans) return {{}, set_aside(file, plans.error().message())};
    return {std::move(*plans), {}};
}

std::optional<Plan> find_plan(const std::vector<Plan>& plans, const PlanKey& key) {
    const auto found = std::find_if(plans.begin(), plans.end(), [&](const Plan& p) { return p.key == key; });
    if (found == plans.end()) return std::nullopt;
    return *found;
}

Status keep_plan(const std::filesystem::path& file, Plan plan, int most) {
    std::vector<Plan> plans = read_plans(file).plans;
    std::erase_if(plans, [&](const Plan& other) { return other.key == plan.key; });
    plans.insert(plans.begin(), std::move(plan));
    std::stable_sort(plans.begin(), plans.end(),
                     [](const Plan& a, const Plan& b) { return a.used > b.used; });
    if (plans.size() > static_cast<size_t>(most)) plans.resize(static_cast<size_t>(most));
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error)
        return fail(ErrorCode::io, error.message(), file.parent_path().string(),
                    "make the folder writable, or name another by CODA_CACHE_DIR");
    return write_file_atomic(file, to_json_text(plans));
}

std::filesystem::path plan_file() {
    return paths::cache_dir() / "plans.json";
}

int64_t today() {
    using Days = std::chrono::duration<int64_t, std::ratio<86400>>;
    return std::chrono::duration_cast<Days>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace coda::tune

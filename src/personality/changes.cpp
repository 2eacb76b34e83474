#include "personality/changes.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::personality {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int kVersion = 1;
constexpr int64_t kMaxId = int64_t{1} << 50;
constexpr size_t kMaxReason = 200;                                  // bytes
constexpr int64_t kMaxSeconds = int64_t{100} * 366 * 24 * 60 * 60;  // of a half-life
constexpr int64_t kMaxTime = int64_t{253402300800} * 1000;          // ms to the end of the year 9999

tl::unexpected<Error> bad(size_t entry, const std::string& what) {
    return fail(ErrorCode::bad_format, what, fmt::format("change {}", entry));
}

std::optional<int64_t> whole(const json& object, const char* key, int64_t least, int64_t most) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) return std::nullopt;
    if (found->is_number_unsigned() && found->get<uint64_t>() > static_cast<uint64_t>(most))
        return std::nullopt;
    const auto value = found->get<int64_t>();
    if (value < least || value > most) return std::nullopt;
    return value;
}

std::optional<std::string> short_text(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    auto text = found->get<std::string>();
    if (text.size() > kMaxReason) return std::nullopt;
    return text;
}

Result<Change> read_change(const json& entry, size_t number) {
    if (!entry.is_object()) return bad(number, "is no object");
    Change change;
    const auto id = whole(entry, "id", 1, kMaxId), time = whole(entry, "time_ms", 0, kMaxTime),
               half_life = whole(entry, "half_life_s", 1, kMaxSeconds);
    const auto cause = short_text(entry, "cause"), reason = short_text(entry, "reason");
    if (!id || !time || !half_life) return bad(number, "has no whole id, time_ms or half_life_s in bounds");
    if (!cause || !reason) return bad(number, "has no short cause or reason");
    const auto undone = entry.find("undone"), moves = entry.find("moves");
    if (undone == entry.end() || !undone->is_boolean()) return bad(number, "undone is not true or false");
    if (moves == entry.end() || !moves->is_object()) return bad(number, "has no moves");
    change.id = *id;
    change.time = Time(std::chrono::milliseconds(*time));
    change.half_life = seconds(*half_life);
    change.cause = *cause;
    change.reason = *reason;
    change.undone = undone->get<bool>();
    for (const auto& [name, by] : moves->items()) {
        const std::optional<Trait> trait = trait_named(name);
        if (!trait) return bad(number, "moves a trait that there is not");
        if (!by.is_number() || !(std::abs(by.get<double>()) <= 1)) return bad(number, "moves by more than 1");
        change.moves.emplace_back(*trait, by.get<double>());
    }
    return change;
}

}  // namespace

double Change::strength(Time now) const {
    if (undone) return 0;
    const double age = std::chrono::duration<double>(now - time).count();
    return age <= 0 ? 1 : std::exp2(-age / static_cast<double>(half_life.count()));
}

Traits adapted(const Traits& own, const std::vector<Change>& changes, const AdaptationLimits& limits,
               Time now) {
    Traits out = own;
    if (!limits.enabled) return out;
    for (const Change& change : changes) {
        const double strength = change.strength(now);
        for (const auto& [trait, by] : change.moves) out[trait] += by * strength;
    }
    for (const Trait trait : kAllTraits) {
        const double moved = std::clamp(out[trait] - own[trait], -limits.range, limits.range);
        out[trait] = moved == 0 ? own[trait] : std::clamp(own[trait] + moved, 0.0, 1.0);
    }
    return out;
}

std::string print_changes(const std::vector<Change>& changes) {
    json list = json::array();
    for (const Change& change : changes) {
        json moves = json::object();
        for (const auto& [trait, by] : change.moves) moves[name_of(trait)] = by;
        list.push_back({{"id", change.id},
                        {"time_ms", change.time.time_since_epoch().count()},
                        {"cause", change.cause},
                        {"reason", change.reason},
                        {"moves", std::move(moves)},
                        {"half_life_s", change.half_life.count()},
                        {"undone", change.undone}});
    }
    return json{{"version", kVersion}, {"changes", std::move(list)}}.dump(1, ' ', false,
                                                                          json::error_handler_t::replace) +
           "\n";
}

Result<std::vector<Change>> parse_changes(std::string_view text) {
    const json file = json::parse(text, nullptr, false);
    if (!file.is_object()) return fail(ErrorCode::bad_format, "is no JSON object");
    if (whole(file, "version", kVersion, kVersion) != kVersion)
        return fail(ErrorCode::bad_format, "has no version that is known");
    const auto list = file.find("changes");
    if (list == file.end() || !list->is_array() || list->size() > kMostChanges)
        return fail(ErrorCode::bad_format, fmt::format("has no list of at most {} changes", kMostChanges));
    std::vector<Change> out;
    for (const json& entry : *list) {
        CODA_TRY(Change change, read_change(entry, out.size() + 1));
        out.push_back(std::move(change));
    }
    return out;
}

}  // namespace coda::personality

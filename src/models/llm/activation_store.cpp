// Keeping a check's verdict: a JSON file per model, build and device.
#include "base/file_map.h"
#include "base/log.h"
#include "base/paths.h"
#include "models/llm/activation_check.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm {
namespace {

constexpr int kRevision = 1;  // to be raised when kernels round otherwise, or the text or the rule changes
constexpr size_t kMostBytes = size_t{1} << 20, kMostWeights = 100'000;

// Without the number of threads, which changes nothing.
std::string device_key(const runtime::Backend& backend) {
    const std::string& description = backend.description();
    return description.substr(0, description.find_last_of(','));
}

std::string build_key() {
    return fmt::format("{}, {}", CODA_VERSION, kRevision);
}

std::string file_name(const runtime::Weights& weights, const runtime::Backend& backend) {
    std::string device;
    for (const char c : device_key(backend))
        if (std::isalnum(static_cast<unsigned char>(c))) device += c;
    return fmt::format("{:016x}-{}.json", runtime::fingerprint(weights), device);
}

std::filesystem::path place(const runtime::Weights& weights, const runtime::Backend& backend) {
    return paths::cache_dir() / "activations" / file_name(weights, backend);
}

nlohmann::json to_json(const ActivationCheck& check) {
    nlohmann::json parts = nlohmann::json::array();
    for (const ActivationCheck::Part& part : check.parts)
        parts.push_back({{"name", part.name},
                         {"elements", part.elements},
                         {"kl", part.kl},
                         {"error", part.error},
                         {"int8", part.int8}});
    return {{"positions", check.positions},
            {"kl_all", check.kl_all},
            {"error_all", check.error_all},
            {"kl", check.kl},
            {"error", check.error},
            {"share", check.share},
            {"date", check.date},
            {"parts", parts},
            {"int8_weights", check.int8_weights}};
}

// Reads fields by name; the first that is missing or of another kind is kept for the error.
class Fields {
  public:
    explicit Fields(const nlohmann::json& object) : object_(object) {}

    double number(const char* name, double low, double high) {
        const auto* value = find(name);
        if (!value || !value->is_number()) return wrong(name), 0;
        const double x = value->get<double>();
        if (!(x >= low && x <= high)) return wrong(name), 0;
        return x;
    }
    std::string text(const char* name) {
        const auto* value = find(name);
        if (!value || !value->is_string()) return wrong(name), std::string();
        return value->get<std::string>();
    }
    const nlohmann::json* array(const char* name) {
        const auto* value = find(name);
        if (value && value->is_array() && value->size() <= kMostWeights) return value;
        return wrong(name), nullptr;
    }
    bool flag(const char* name) {
        const auto* value = find(name);
        if (!value || !value->is_boolean()) return wrong(name), false;
        return value->get<bool>();
    }
    void wrong(const char* name) {
        if (wrong_.empty()) wrong_ = name;
    }
    const std::string& first_wrong() const { return wrong_; }

  private:
    const nlohmann::json* find(const char* name) const {
        if (!object_.is_object()) return nullptr;
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }
    const nlohmann::json& object_;
    std::string wrong_;
};

}  // namespace

std::string to_json_text(const ActivationCheck& check) {
    return to_json(check).dump(2) + "\n";
}

Result<ActivationCheck> parse_activation_check(std::string_view text, const std::string& source) {
    const auto bad = [&](const std::string& what) {
        return fail(ErrorCode::bad_format, what, source, "delete it, then run coda models check");
    };
    if (text.size() > kMostBytes) return bad("is too long");
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    Fields fields(json);
    constexpr double kMost = 1e9;
    ActivationCheck check;
    check.positions = static_cast<int>(fields.number("positions", 1, 1e6));
    check.kl_all = fields.number("kl_all", 0, kMost);
    check.error_all = fields.number("error_all", 0, kMost);
    check.kl = fields.number("kl", 0, kMost);
    check.error = fields.number("error", 0, kMost);
    check.share = fields.number("share", 0, 1);
    check.date = fields.text("date");
    if (const auto* parts = fields.array("parts")) {
        for (const nlohmann::json& each : *parts) {
            Fields of(each);
            ActivationCheck::Part part;
            part.name = of.text("name");
            part.elements = static_cast<int64_t>(of.number("elements", 0, 1e15));
            part.kl = of.number("kl", 0, kMost);
            part.error = of.number("error", 0, kMost);
            part.int8 = of.flag("int8");
            if (!of.first_wrong().empty()) fields.wrong("parts");
            check.parts.push_back(std::move(part));
        }
    }
    if (const auto* names = fields.array("int8_weights")) {
        for (const nlohmann::json& name : *names) {
            if (!name.is_string()) fields.wrong("int8_weights");
            check.int8_weights.push_back(name.is_string() ? name.get<std::string>() : std::string());
        }
    }
    if (!fields.first_wrong().empty())
        return bad(fmt::format("\"{}\" is missing or wrong", fields.first_wrong()));
    // What lets 8 bits in must be within the bound, whoever wrote the file.
    if (!check.int8_weights.empty() && check.kl + check.error > ActivationCheck::kBound)
        return bad("\"kl\" is above what is allowed");
    return check;
}

std::optional<ActivationCheck> kept_activation_check(const runtime::Weights& weights,
                                                     const runtime::Backend& backend) {
    const std::filesystem::path file = place(weights, backend);
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return {};
    const auto text = read_file(file);
    if (!text) {
        log::debug("{}", text.error().message());
        return {};
    }
    const nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
    Fields fields(json);
    if (fields.text("build") != build_key() || fields.text("device") != device_key(backend)) return {};
    auto check = parse_activation_check(*text, file.string());
    if (!check) {
        log::warn("{}", check.error().message());
        return {};
    }
    return std::move(*check);
}

Status keep_activation_check(const ActivationCheck& check, const runtime::Weights& weights,
                             const runtime::Backend& backend) {
    nlohmann::json json = to_json(check);
    json["build"] = build_key();
    json["device"] = device_key(backend);
    json["file"] = weights.path();
    const std::filesystem::path file = place(weights, backend);
    std::error_code failed;
    std::filesystem::create_directories(file.parent_path(), failed);
    return write_file_atomic(file, json.dump(2) + "\n");
}

}  // namespace coda::models::llm

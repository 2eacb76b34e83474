#include "models/hibari/text/speller.h"

#include "models/hibari/data/asset.h"

#include <nlohmann/json.hpp>

namespace coda::models::hibari {

namespace {

constexpr int64_t kMaxWord = 1000;

Result<Text> alphabet(const nlohmann::ordered_json& json, const char* key, const std::string& name) {
    const auto member = json.find(key);
    Text letters;
    if (member != json.end() && member->is_array()) {
        for (const auto& letter : *member) {
            if (letter.is_string()) letters += decode_utf8(letter.get_ref<const std::string&>());
        }
        if (!letters.empty() && letters.size() == member->size()) return letters;
    }
    return bad_table(name, std::string("\"") + key + "\" is not a list of single characters");
}

}  // namespace

Result<std::unique_ptr<Speller>> Speller::open(const std::filesystem::path& network) {
    auto out = std::make_unique<Speller>();
    CODA_CHECK(out->read_alphabets(std::filesystem::path(network).replace_extension(".json")));
    CODA_TRY(out->session_, onnx::Session::open(network, {.exact_bytes = true}));
    return out;
}

Status Speller::read_alphabets(const std::filesystem::path& file) {
    const std::string name = file.string();
    CODA_TRY(const auto json, read_json(file));
    CODA_TRY(const Text in, alphabet(json, "in", name));
    CODA_TRY(output_,
             alphabet(json, "out", name).map([](const Text& t) { return std::vector(t.begin(), t.end()); }));
    for (size_t i = 0; i < in.size(); ++i) input_.insert_or_assign(in[i], static_cast<int64_t>(i + 1));
    const auto longest = json.find("maxlen");
    if (longest == json.end() || !longest->is_number_integer() || *longest < 1 || *longest > kMaxWord) {
        return bad_table(name, "\"maxlen\" is not a length");
    }
    longest_ = longest->get<size_t>();
    return {};
}

Result<std::optional<Text>> Speller::read(TextView word) const {
    std::vector<int64_t> ids;
    for (const char32_t c : word) {
        const auto id = input_.find(c);
        if (id != input_.end()) ids.push_back(id->second);
        if (ids.size() == longest_) break;
    }
    if (ids.empty()) return std::nullopt;
    CODA_TRY(const onnx::Outputs result,
             session_->run({onnx::Input("chars", ids, {1, static_cast<int64_t>(ids.size())})}, {"ids"}));
    Text phonemes;
    int64_t before = 0;
    for (const int64_t id : result.int64s(0)) {
        const bool letter = id > 0 && id <= static_cast<int64_t>(output_.size());
        if (letter && id != before) phonemes += output_[static_cast<size_t>(id - 1)];
        before = id;
    }
    return phonemes;
}

}  // namespace coda::models::hibari

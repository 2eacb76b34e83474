#include "models/hibari/sound/network.h"

#include "models/hibari/data/asset.h"

#include <algorithm>

namespace coda::models::hibari {

Result<PhonemeIds> PhonemeIds::open(const std::filesystem::path& file) {
    CODA_TRY(const auto json, read_json(file));
    PhonemeIds out;
    for (const auto& [phoneme, id] : json.items()) {
        const Text letter = decode_utf8(phoneme);
        if (letter.size() != 1 || !id.is_number_integer()) {
            return bad_table(file.string(), "\"" + phoneme + "\" is no phoneme with an id");
        }
        out.ids_.insert_or_assign(letter[0], id.template get<int64_t>());
    }
    if (out.ids_.empty()) return bad_table(file.string(), "holds no phonemes");
    return out;
}

std::vector<int64_t> PhonemeIds::operator()(TextView phonemes) const {
    std::vector<int64_t> out = {0};
    for (const char32_t c : phonemes) {
        const auto id = ids_.find(c);
        if (id != ids_.end()) out.push_back(id->second);
    }
    if (out.size() == 1) return {};
    out.push_back(0);
    return out;
}

Result<std::unique_ptr<Network>> Network::open(const std::filesystem::path& file, int threads) {
    auto out = std::make_unique<Network>();
    CODA_TRY(out->session_, onnx::Session::open(file, {.threads = threads}));
    for (const char* name : {"ids", "speed"}) {
        const auto& inputs = out->session_->inputs();
        if (std::none_of(inputs.begin(), inputs.end(),
                         [&](const auto& input) { return input.name == name; })) {
            return fail(ErrorCode::bad_format, std::string("the network has no input \"") + name + "\"",
                        file.string(), "use a voice of hibari-tts");
        }
    }
    return out;
}

Result<Network::Spectrum> Network::run(std::span<const int64_t> ids, float speed,
                                       const Cancel& cancel) const {
    CODA_TRY(onnx::Outputs outputs,
             session_->run({onnx::Input("ids", ids, {1, static_cast<int64_t>(ids.size())}),
                            onnx::Input("speed", std::span(&speed, 1), {1})},
                           {"lh", "theta", "ln", "lr", "phi", "f0"}, cancel));
    const std::span<const float> f0 = outputs.floats(5);
    for (size_t i = 0; i < 5; ++i) {
        if (outputs.floats(i).size() != f0.size() * RealFft::kBins) {
            return fail(ErrorCode::bad_format, "the network's outputs are not 601 bins by frames",
                        "hibari network", "use a voice of hibari-tts");
        }
    }
    const SpectralParts parts{static_cast<int>(f0.size()),
                              outputs.floats(0),
                              outputs.floats(1),
                              outputs.floats(2),
                              outputs.floats(3),
                              outputs.floats(4),
                              f0};
    return Spectrum{std::move(outputs), parts};
}

}  // namespace coda::models::hibari

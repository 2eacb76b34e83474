#include "models/hibari/voices.h"

#include "models/hibari/data/asset.h"

namespace coda::models::hibari {

Result<Voices> Voices::open(const std::filesystem::path& assets) {
    const auto file = assets / "voices.json";
    CODA_TRY(const auto json, read_json(file));
    Voices out;
    for (const auto& [name, entry] : json.items()) {
        const auto network = entry.find("file");
        const auto british = entry.find("british");
        const bool complete = entry.is_object() && network != entry.end() && network->is_string() &&
                              british != entry.end() && british->is_boolean();
        if (!complete) return bad_table(file.string(), "voice \"" + name + "\" lacks its file or accent");
        const std::filesystem::path path = network->template get<std::string>();
        if (path.has_parent_path())
            return bad_table(file.string(), "voice \"" + name + "\" lies in another folder");
        std::error_code ignored;
        out.voices_.push_back({name, assets / path,
                               british->template get<bool>() ? Accent::british : Accent::american,
                               std::filesystem::is_regular_file(assets / path, ignored)});
    }
    if (out.voices_.empty()) return bad_table(file.string(), "holds no voice");
    return out;
}

Result<const VoiceInfo*> Voices::find(const std::string& name) const {
    std::string names;
    for (const VoiceInfo& voice : voices_) {
        if (name.empty() ? voice.installed : voice.name == name) return &voice;
        names += (names.empty() ? "" : ", ") + voice.name;
    }
    if (name.empty()) {
        return fail(ErrorCode::not_found, "no voice is installed", voices_.front().network.string(),
                    "fetch the voice: script/bootstrap");
    }
    return fail(ErrorCode::not_found, "there is no voice \"" + name + "\"", {}, "choose one of " + names);
}

}  // namespace coda::models::hibari

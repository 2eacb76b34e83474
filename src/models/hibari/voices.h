// The registry of voices (voices.json): which network file speaks, and with which accent.
// Thread safety: immutable after open.
#pragma once

#include "base/result.h"
#include "models/hibari/text/lexicon.h"

#include <filesystem>
#include <string>
#include <vector>

namespace coda::models::hibari {

struct VoiceInfo {
    std::string name;
    std::filesystem::path network;
    Accent accent = Accent::american;
    bool installed = false;  // the network's file is there
};

class Voices {
  public:
    static Result<Voices> open(const std::filesystem::path& assets);

    const std::vector<VoiceInfo>& all() const { return voices_; }
    // An empty name stands for the first voice that is installed. Fails with not_found for a name that the
    // registry does not have.
    Result<const VoiceInfo*> find(const std::string& name) const;

  private:
    std::vector<VoiceInfo> voices_;
};

}  // namespace coda::models::hibari

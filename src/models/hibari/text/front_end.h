// The whole text front end: loading its tables, and text to phonemes by accent. The tables of one accent are
// loaded at the start, those of another at their first use. Thread safety: all members may be called from any
// thread.
#pragma once

#include "base/result.h"
#include "models/hibari/text/phonemizer.h"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

namespace coda::models::hibari {

class FrontEnd {
  public:
    // `assets`: the folder with the lexicons and tables. `accent` is loaded now.
    static Result<std::unique_ptr<FrontEnd>> open(const std::filesystem::path& assets, Accent accent);

    // The phonemes of one sentence.
    Result<Text> phonemes(TextView sentence, Accent accent) const;
    std::vector<Text> sentences(TextView text) const;

  private:
    Result<const Phonemizer*> phonemizer(Accent accent) const;

    std::filesystem::path assets_;
    std::shared_ptr<const TextRules> rules_;
    mutable std::mutex loading_;
    mutable std::map<Accent, std::unique_ptr<const Phonemizer>> accents_;
};

}  // namespace coda::models::hibari

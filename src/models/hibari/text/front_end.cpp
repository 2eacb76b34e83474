#include "models/hibari/text/front_end.h"

#include "models/hibari/data/asset.h"
#include "models/hibari/text/sentences.h"
#include "models/hibari/text/speller.h"

#include <future>
#include <string>

namespace coda::models::hibari {

namespace {

using Path = std::filesystem::path;

template <class Table>
Result<Table> load_table(const Path& file) {
    CODA_TRY(const std::string text, read_asset(file));
    return Table::parse(text, file.string());
}

Result<std::shared_ptr<const TextRules>> load_rules(const Path& assets) {
    CODA_TRY(Normaliser normaliser, load_table<Normaliser>(assets / "normalize.json"));
    CODA_TRY(Tokenizer tokenizer, load_table<Tokenizer>(assets / "tokenizer_exceptions.json"));
    CODA_TRY(Tagger tagger, load_table<Tagger>(assets / "tagger.json.gz"));
    return std::make_shared<const TextRules>(
        TextRules{std::move(normaliser), std::move(tokenizer), std::move(tagger)});
}

Result<Lexicon> load_lexicon(const Path& assets, Accent accent) {
    const std::string prefix = accent == Accent::british ? "lexicon_gb_" : "lexicon_us_";
    CODA_TRY(Dictionary gold, load_table<Dictionary>(assets / (prefix + "gold.json.gz")));
    CODA_TRY(Dictionary silver, load_table<Dictionary>(assets / (prefix + "silver.json.gz")));
    return Lexicon(std::move(gold), std::move(silver), accent);
}

Result<SpellWord> load_speller(const Path& assets, Accent accent) {
    CODA_TRY(std::unique_ptr<Speller> opened,
             Speller::open(assets / (accent == Accent::british ? "oov_gb.onnx" : "oov.onnx")));
    return [speller = std::shared_ptr<const Speller>(std::move(opened))](TextView word) {
        return speller->read(word);
    };
}

}  // namespace

Result<std::unique_ptr<FrontEnd>> FrontEnd::open(const Path& assets, Accent accent) {
    auto rules = std::async(std::launch::async, load_rules, assets);
    auto speller = std::async(std::launch::async, load_speller, assets, accent);
    auto lexicon = load_lexicon(assets, accent);
    auto out = std::make_unique<FrontEnd>();
    out->assets_ = assets;
    CODA_TRY(out->rules_, rules.get());
    CODA_TRY(SpellWord spell, speller.get());
    if (!lexicon) return tl::unexpected<Error>(std::move(lexicon.error()));
    out->accents_[accent] =
        std::make_unique<const Phonemizer>(out->rules_, std::move(*lexicon), std::move(spell));
    return out;
}

Result<const Phonemizer*> FrontEnd::phonemizer(Accent accent) const {
    const std::lock_guard lock(loading_);
    auto& phonemizer = accents_[accent];
    if (!phonemizer) {
        CODA_TRY(Lexicon lexicon, load_lexicon(assets_, accent));
        CODA_TRY(SpellWord spell, load_speller(assets_, accent));
        phonemizer = std::make_unique<const Phonemizer>(rules_, std::move(lexicon), std::move(spell));
    }
    return phonemizer.get();
}

Result<Text> FrontEnd::phonemes(TextView sentence, Accent accent) const {
    CODA_TRY(const Phonemizer* const phonemize, phonemizer(accent));
    return (*phonemize)(sentence);
}

std::vector<Text> FrontEnd::sentences(TextView text) const {
    return split_sentences(text, rules_->normaliser);
}

}  // namespace coda::models::hibari

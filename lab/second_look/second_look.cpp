// Writes what Whisper hears with the short context and with 30 s, and how sure it is of either, as JSON
// lines:
//
//   coda_second_look [LIST.tsv] > heard.jsonl
//
// over the utterances of tests/golden/whisper/transcripts.tsv, or of another list with its columns.
// thresholds.py weighs from the result when a second look with 30 s is worth its time.
#include "base/log.h"
#include "base/paths.h"
#include "models/whisper/decoder.h"
#include "models/whisper/windows.h"
#include "tests/support/sounds.h"
#include "tests/support/wer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using namespace coda;
using namespace coda::models::whisper;
using nlohmann::json;

constexpr int kMostTokens = 200;

Result<json> hear(Decoder& decoder, const Model& model, const test::Samples& samples, int frames,
                  const std::string& said) {
    CODA_CHECK(decoder.encode(samples, frames));
    CODA_TRY(const Hypothesis heard, decoder.decode(-1, 0, kMostTokens));
    const std::string text = model.vocabulary.text(heard.tokens);
    return json{{"text", text},
                {"average", heard.average_logprob},
                {"least", heard.least_logprob},
                {"ended", heard.ended},
                {"frames", frames},
                {"errors", test::word_errors(said, text).total()}};
}

Status write_all(const std::string& list) {
    const std::filesystem::path folder = paths::model_dir("whisper-tiny.en");
    CODA_TRY(auto backend, runtime::create_cpu_backend({}));
    CODA_TRY(auto weights, runtime::Weights::open(folder / "model.bin"));
    CODA_TRY(Network network, record(weights));
    CODA_TRY(Vocabulary vocabulary, Vocabulary::from_folder(folder));
    CODA_TRY(auto executable, backend->compile(network.program, {}));
    CODA_TRY(const Model model,
             Model::create(std::move(network), std::move(vocabulary), std::move(executable), "model.bin"));
    CODA_TRY(auto state, model.executable->new_state());
    const Cancel cancel;
    Decoder decoder(model, *state, runtime::Priority::stt, cancel);
    const int limit = model.network.dimensions.audio_context;
    for (const auto& row : test::read_tsv(list)) {
        const test::Samples samples = test::altered(test::recording(row[0]), row[1]);
        CODA_TRY(const json brief,
                 hear(decoder, model, samples, context_frames(samples.size(), limit), row[2]));
        CODA_TRY(const json whole, hear(decoder, model, samples, limit, row[2]));
        const json line = {{"file", row[0]},
                           {"kind", row[1]},
                           {"said", row[2]},
                           {"words", test::normalised_words(row[2]).size()},
                           {"faster_whisper_errors", test::word_errors(row[2], row[3]).total()},
                           {"short", brief},
                           {"whole", whole}};
        fmt::print("{}\n", line.dump());
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    coda::log::init();
    const coda::Status status =
        write_all(argc > 1 ? argv[1] : CODA_SOURCE_DIR "/tests/golden/whisper/transcripts.tsv");
    if (!status) fmt::print(stderr, "{}\n", status.error().message());
    return status ? 0 : 1;
}

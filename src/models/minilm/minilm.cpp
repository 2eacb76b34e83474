#include "models/minilm/minilm.h"

#include "base/file_map.h"
#include "models/minilm/word_piece.h"
#include "runtime/weights.h"

#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace coda::models {
namespace {

using namespace runtime;

constexpr float kEpsilon = 1e-12f;
constexpr int kHeadDim = 32;  // of every all-MiniLM; the weights do not tell
constexpr size_t kMaxVocabularyBytes = 64 << 20;

struct Dimensions {
    int64_t vocabulary = 0;
    int width = 0, layers = 0;
};

tl::unexpected<Error> no_bert(const Weights& weights, std::string what) {
    return fail(ErrorCode::bad_format, std::move(what), weights.path(),
                "run script/fetch-models minilm-l6-v2");
}

std::string layer_name(int layer, const char* part) {
    return fmt::format("encoder.layer.{}.{}", layer, part);
}

Result<Dimensions> read_dimensions(const Weights& weights) {
    Dimensions out;
    CODA_TRY(const TensorView words, weights.get("embeddings.word_embeddings.weight"));
    CODA_TRY(const TensorView positions, weights.get("embeddings.position_embeddings.weight"));
    if (words.shape.rank() != 2 || words.shape[1] < kHeadDim || words.shape[1] > 4096 ||
        words.shape[1] % kHeadDim != 0)
        return no_bert(weights, "its word embeddings have no shape of a MiniLM");
    if (positions.shape.rank() != 2 || positions.shape[0] < MiniLm::kMaxTokens)
        return no_bert(weights, fmt::format("it has fewer than {} positions", MiniLm::kMaxTokens));
    out.vocabulary = words.shape[0];
    out.width = static_cast<int>(words.shape[1]);
    while (weights.find(layer_name(out.layers, "attention.self.query.weight"))) ++out.layers;
    if (out.layers == 0) return no_bert(weights, "it has no encoder layers");
    return out;
}

// Writes the encoder into a Program.
class Recorder {
  public:
    Recorder(Program& program, const Dimensions& dimensions) : program_(program), dimensions_(dimensions) {}

    const Step* record() {
        Step& step = program_.add_step("embed", MiniLm::kMaxTokens);
        Buffer x = step.embed(program_.weight("embeddings.word_embeddings.weight"),
                              {.positions = program_.weight("embeddings.position_embeddings.weight"),
                               .segment = program_.weight("embeddings.token_type_embeddings.weight")});
        x = norm(step, x, "embeddings.LayerNorm");
        for (int layer = 0; layer < dimensions_.layers; ++layer) x = add_layer(step, x, layer);
        step.output("embedding", step.normalize(step.mean_pool(x)));
        return &step;
    }

  private:
    Buffer norm(Step& step, Buffer x, const std::string& name) {
        return step.layer_norm(x, program_.weight(name + ".weight"), program_.weight(name + ".bias"),
                               kEpsilon);
    }

    Linear linear(const std::vector<std::string>& names) {
        Linear out;
        for (const std::string& name : names) {
            out.weights.push_back(program_.weight(name + ".weight"));
            out.biases.push_back(program_.weight(name + ".bias"));
        }
        return out;
    }

    // Norms stand after the sums, as BERT has them.
    Buffer add_layer(Step& step, Buffer x, int layer) {
        AttentionSpec spec;
        spec.heads = spec.kv_heads = dimensions_.width / kHeadDim;
        spec.head_dim = kHeadDim;
        const Buffer qkv = step.linear(
            x, linear({layer_name(layer, "attention.self.query"), layer_name(layer, "attention.self.key"),
                       layer_name(layer, "attention.self.value")}));
        Linear out = linear({layer_name(layer, "attention.output.dense")});
        out.residual = x;
        x = norm(step, step.linear(step.self_attention(qkv, spec), out),
                 layer_name(layer, "attention.output.LayerNorm"));
        Linear up = linear({layer_name(layer, "intermediate.dense")});
        up.activation = Activation::gelu;
        Linear down = linear({layer_name(layer, "output.dense")});
        down.residual = x;
        return norm(step, step.linear(step.linear(x, up), down), layer_name(layer, "output.LayerNorm"));
    }

    Program& program_;
    const Dimensions& dimensions_;
};

}  // namespace

struct MiniLm::Impl {
    minilm::WordPiece pieces;
    Dimensions dimensions;
    std::shared_ptr<const Executable> executable;
    const Step* step = nullptr;
    std::mutex mutex;  // of the state
    std::unique_ptr<State> state;
};

MiniLm::MiniLm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MiniLm::~MiniLm() = default;

Result<std::shared_ptr<MiniLm>> MiniLm::open(const std::filesystem::path& folder, Backend& backend) {
    auto impl = std::make_unique<Impl>();
    const std::filesystem::path vocabulary = folder / "vocab.txt";
    CODA_TRY(const std::string text, read_file(vocabulary, kMaxVocabularyBytes));
    CODA_TRY(impl->pieces, minilm::WordPiece::parse(text, vocabulary.string()));
    CODA_TRY(const auto weights, Weights::open(folder / "model.safetensors"));
    CODA_TRY(impl->dimensions, read_dimensions(*weights));
    if (impl->pieces.size() > impl->dimensions.vocabulary)
        return no_bert(*weights, fmt::format("it knows {} words and vocab.txt has {}",
                                             impl->dimensions.vocabulary, impl->pieces.size()));
    auto program = std::make_shared<Program>("minilm", weights);
    impl->step = Recorder(*program, impl->dimensions).record();
    CODA_TRY(impl->executable, backend.compile(program, {}));
    CODA_TRY(impl->state, impl->executable->new_state());
    return std::shared_ptr<MiniLm>(new MiniLm(std::move(impl)));
}

Result<std::vector<float>> MiniLm::embed(const std::string& text, const Cancel& cancel) const {
    StepInput input;
    const std::vector<int32_t> ids = tokens(text);
    input.tokens = ids;
    const std::lock_guard lock(impl_->mutex);
    CODA_CHECK(impl_->executable->run(*impl_->step, input, *impl_->state, cancel, Priority::llm_first));
    const OutputView out = impl_->state->output("embedding");
    return std::vector<float>(out.values.begin(), out.values.end());
}

std::vector<int32_t> MiniLm::tokens(const std::string& text) const {
    return impl_->pieces.encode(text, kMaxTokens);
}

int MiniLm::width() const {
    return impl_->dimensions.width;
}

}  // namespace coda::models

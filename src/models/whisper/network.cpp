#include "models/whisper/network.h"

#include <optional>

#include <fmt/format.h>

namespace coda::models::whisper {
namespace {

using namespace runtime;

constexpr float kEpsilon = 1e-5f;

// How a tensor of the network is called in a format; `{}` stands for the layer.
struct AttentionNames {
    std::string norm_weight, norm_bias;
    std::vector<std::string> q_weight, q_bias;    // one, or none where kv holds it
    std::vector<std::string> kv_weight, kv_bias;  // stacked in one tensor, or several; an empty name: no bias
    std::string out_weight, out_bias;
};

struct FeedForwardNames {
    std::string norm_weight, norm_bias, in_weight, in_bias, out_weight, out_bias;
};

struct StackNames {
    std::string positions, norm_weight, norm_bias, layer;
};

// The names of both formats below a stack ("encoder", "decoder") and a layer.
class Names {
  public:
    explicit Names(WeightsFormat format) : ggml_(format == WeightsFormat::whisper_ggml) {}

    std::string conv(int index, const char* part) const {
        return fmt::format(fmt::runtime(ggml_ ? "encoder.conv{}.{}" : "encoder/conv{}/{}"), index, part);
    }
    std::string token_embedding() const {
        return ggml_ ? "decoder.token_embedding.weight" : "decoder/embeddings/weight";
    }
    StackNames stack(const std::string& stack) const {
        if (ggml_) {
            const std::string norm = stack + (stack == "encoder" ? ".ln_post" : ".ln");
            return {stack + ".positional_embedding", norm + ".weight", norm + ".bias", stack + ".blocks.{}."};
        }
        return {stack + "/position_encodings/encodings", stack + "/layer_norm/gamma",
                stack + "/layer_norm/beta", stack + "/layer_{}/"};
    }
    AttentionNames self_attention(const std::string& layer) const {
        if (ggml_) return ggml_attention(layer + "attn");
        const std::string at = layer + "self_attention/";
        return {at + "layer_norm/gamma",
                at + "layer_norm/beta",
                {},
                {},
                {at + "linear_0/weight"},
                {at + "linear_0/bias"},
                at + "linear_1/weight",
                at + "linear_1/bias"};
    }
    AttentionNames cross_attention(const std::string& layer) const {
        if (ggml_) return ggml_attention(layer + "cross_attn");
        const std::string at = layer + "attention/";
        return {at + "layer_norm/gamma", at + "layer_norm/beta",   {at + "linear_0/weight"},
                {at + "linear_0/bias"},  {at + "linear_1/weight"}, {at + "linear_1/bias"},
                at + "linear_2/weight",  at + "linear_2/bias"};
    }
    FeedForwardNames feed_forward(const std::string& layer) const {
        const std::string norm = layer + (ggml_ ? "mlp_ln." : "ffn/layer_norm/");
        const std::string in = layer + (ggml_ ? "mlp.0." : "ffn/linear_0/"),
                          out = layer + (ggml_ ? "mlp.2." : "ffn/linear_1/");
        return {norm + (ggml_ ? "weight" : "gamma"),
                norm + (ggml_ ? "bias" : "beta"),
                in + "weight",
                in + "bias",
                out + "weight",
                out + "bias"};
    }

  private:
    static AttentionNames ggml_attention(const std::string& at) {
        return {at + "_ln.weight",
                at + "_ln.bias",
                {at + ".query.weight"},
                {at + ".query.bias"},
                {at + ".key.weight", at + ".value.weight"},
                {"", at + ".value.bias"},
                at + ".out.weight",
                at + ".out.bias"};
    }

    bool ggml_;
};

// Writes the two steps into a Program.
class Recorder {
  public:
    Recorder(Program& program, const Dimensions& dimensions, WeightsFormat format)
        : program_(program), dimensions_(dimensions), names_(format) {}

    const Step* encode(const std::vector<Cache>& cross) {
        Step& step = program_.add_step("encode", 2 * dimensions_.audio_context);
        const StackNames stack = names_.stack("encoder");
        Buffer x = step.input(dimensions_.mel_bands);
        x = step.conv1d(x, program_.weight(names_.conv(1, "weight")), vector(names_.conv(1, "bias")), 1,
                        Activation::gelu);
        x = step.conv1d(x, program_.weight(names_.conv(2, "weight")), vector(names_.conv(2, "bias")), 2,
                        Activation::gelu);
        x = step.add_positions(x, program_.weight(stack.positions));
        const AttentionSpec spec = attention_spec(dimensions_.audio_heads, dimensions_.audio_width);
        for (int i = 0; i < dimensions_.audio_layers; ++i) {
            const std::string layer = fmt::format(fmt::runtime(stack.layer), i);
            const AttentionNames names = names_.self_attention(layer);
            const Buffer attended = step.self_attention(project_qkv(step, x, names), spec);
            x = linear(step, attended, {names.out_weight}, {names.out_bias}, Activation::none, x);
            x = feed_forward(step, x, names_.feed_forward(layer));
        }
        x = norm(step, x, stack.norm_weight, stack.norm_bias);
        for (int i = 0; i < dimensions_.text_layers; ++i) {
            const AttentionNames names =
                names_.cross_attention(fmt::format(fmt::runtime(names_.stack("decoder").layer), i));
            step.store_kv(linear(step, x, names.kv_weight, names.kv_bias), cross[static_cast<size_t>(i)]);
        }
        return &step;
    }

    const Step* decode(const std::vector<Cache>& self, const std::vector<Cache>& cross) {
        Step& step = program_.add_step("decode", dimensions_.text_context);
        const StackNames stack = names_.stack("decoder");
        const TensorView table = program_.weight(names_.token_embedding());
        Buffer x = step.embed(table, {.positions = program_.weight(stack.positions)});
        const AttentionSpec spec = attention_spec(dimensions_.text_heads, dimensions_.text_width);
        for (int i = 0; i < dimensions_.text_layers; ++i) {
            const std::string layer = fmt::format(fmt::runtime(stack.layer), i);
            const auto at = static_cast<size_t>(i);
            const AttentionNames own = names_.self_attention(layer);
            const Buffer q = step.append_kv(project_qkv(step, x, own), spec.heads, self[at], Rope{});
            x = linear(step, step.attention(q, self[at], spec), {own.out_weight}, {own.out_bias},
                       Activation::none, x);

            const AttentionNames other = names_.cross_attention(layer);
            const Buffer query =
                linear(step, norm(step, x, other.norm_weight, other.norm_bias), other.q_weight, other.q_bias);
            x = linear(step, step.attention(query, cross[at], spec), {other.out_weight}, {other.out_bias},
                       Activation::none, x);
            x = feed_forward(step, x, names_.feed_forward(layer));
        }
        x = norm(step, step.select_rows(x), stack.norm_weight, stack.norm_bias);
        const Buffer logits = linear(step, x, {names_.token_embedding()}, {});
        step.output("logits", logits);
        step.sample(logits);
        return &step;
    }

    std::vector<Cache> caches(CacheSpec::Kind kind, int capacity) {
        std::vector<Cache> caches;
        for (int i = 0; i < dimensions_.text_layers; ++i)
            caches.push_back(program_.add_cache(
                {kind, dimensions_.text_heads, dimensions_.text_width / dimensions_.text_heads, capacity}));
        return caches;
    }

  private:
    static AttentionSpec attention_spec(int heads, int width) {
        return {.heads = heads, .kv_heads = heads, .head_dim = width / heads};
    }

    // A vector that its file may hold as a column (whisper.cpp's biases of the convolutions).
    TensorView vector(const std::string& name) {
        TensorView view = program_.weight(name);
        if (view.shape.rank() == 2 && view.shape.columns() == 1) view.shape = Shape({view.shape.rows()});
        return view;
    }

    Buffer norm(Step& step, Buffer x, const std::string& weight, const std::string& bias) {
        return step.layer_norm(x, program_.weight(weight), program_.weight(bias), kEpsilon);
    }

    Buffer linear(Step& step, Buffer x, const std::vector<std::string>& weights,
                  const std::vector<std::string>& biases, Activation activation = Activation::none,
                  std::optional<Buffer> residual = {}) {
        Linear spec;
        spec.activation = activation;
        spec.residual = residual;
        for (const std::string& name : weights) spec.weights.push_back(program_.weight(name));
        for (const std::string& name : biases)
            spec.biases.push_back(name.empty() ? TensorView{} : program_.weight(name));
        return step.linear(x, spec);
    }

    Buffer project_qkv(Step& step, Buffer x, const AttentionNames& names) {
        std::vector<std::string> weights = names.q_weight, biases = names.q_bias;
        weights.insert(weights.end(), names.kv_weight.begin(), names.kv_weight.end());
        biases.insert(biases.end(), names.kv_bias.begin(), names.kv_bias.end());
        return linear(step, norm(step, x, names.norm_weight, names.norm_bias), weights, biases);
    }

    Buffer feed_forward(Step& step, Buffer x, const FeedForwardNames& names) {
        const Buffer hidden = linear(step, norm(step, x, names.norm_weight, names.norm_bias),
                                     {names.in_weight}, {names.in_bias}, Activation::gelu);
        return linear(step, hidden, {names.out_weight}, {names.out_bias}, Activation::none, x);
    }

    Program& program_;
    const Dimensions& dimensions_;
    Names names_;
};

tl::unexpected<Error> bad(const Weights& weights, std::string what, ErrorCode code = ErrorCode::bad_format) {
    return fail(code, std::move(what), weights.path(),
                "use a Whisper in CTranslate2's or whisper.cpp's format");
}

// Layers that are there, counted by their first tensor.
int count_layers(const Weights& weights, const Names& names, const std::string& stack) {
    const std::string layer = names.stack(stack).layer;
    int count = 0;
    while (weights.find(names.self_attention(fmt::format(fmt::runtime(layer), count)).norm_weight)) ++count;
    return count;
}

Result<Dimensions> ggml_dimensions(const Weights& weights) {
    Dimensions d;
    const std::pair<const char*, std::pair<int*, int>> fields[] = {
        {"n_mels", {&d.mel_bands, 1024}},
        {"n_audio_ctx", {&d.audio_context, 1 << 16}},
        {"n_audio_state", {&d.audio_width, 1 << 16}},
        {"n_audio_head", {&d.audio_heads, 1 << 10}},
        {"n_audio_layer", {&d.audio_layers, 1 << 10}},
        {"n_text_ctx", {&d.text_context, 1 << 16}},
        {"n_text_state", {&d.text_width, 1 << 16}},
        {"n_text_head", {&d.text_heads, 1 << 10}},
        {"n_text_layer", {&d.text_layers, 1 << 10}},
        {"n_vocab", {&d.vocabulary, 1 << 20}}};
    for (const auto& [name, field] : fields) {
        CODA_TRY(const int64_t value, weights.require_integer(name, 1, field.second));
        *field.first = static_cast<int>(value);
    }
    return d;
}

Result<Dimensions> ctranslate2_dimensions(const Weights& weights) {
    if (const auto spec = weights.string("spec"); spec != "WhisperSpec")
        return bad(weights, fmt::format("holds a {}, not a WhisperSpec", spec.value_or("model")),
                   ErrorCode::unsupported);
    const Names names(WeightsFormat::ctranslate2);
    CODA_TRY(const TensorView conv, weights.get(names.conv(1, "weight")));
    CODA_TRY(const TensorView audio_positions, weights.get(names.stack("encoder").positions));
    CODA_TRY(const TensorView text_positions, weights.get(names.stack("decoder").positions));
    CODA_TRY(const TensorView tokens, weights.get(names.token_embedding()));
    if (conv.shape.rank() != 3 || audio_positions.shape.rank() != 2 || text_positions.shape.rank() != 2 ||
        tokens.shape.rank() != 2)
        return bad(weights, "the shapes of its convolution, positions or token embeddings are not Whisper's");
    Dimensions d;
    CODA_TRY(const int64_t audio_heads, weights.require_integer("encoder/num_heads", 1, 1 << 10));
    CODA_TRY(const int64_t text_heads, weights.require_integer("decoder/num_heads", 1, 1 << 10));
    const std::pair<int*, int64_t> fields[] = {{&d.mel_bands, conv.shape[1]},
                                               {&d.audio_width, conv.shape[0]},
                                               {&d.audio_context, audio_positions.shape[0]},
                                               {&d.text_context, text_positions.shape[0]},
                                               {&d.text_width, tokens.shape[1]},
                                               {&d.vocabulary, tokens.shape[0]},
                                               {&d.audio_heads, audio_heads},
                                               {&d.text_heads, text_heads}};
    for (const auto& [field, value] : fields) {
        if (value < 1 || value > (1 << 20)) return bad(weights, fmt::format("has a dimension of {}", value));
        *field = static_cast<int>(value);
    }
    d.audio_layers = count_layers(weights, names, "encoder");
    d.text_layers = count_layers(weights, names, "decoder");
    return d;
}

Status check(const Dimensions& d, const Weights& weights) {
    if (d.mel_bands > 256) return bad(weights, fmt::format("wants {} mel bands", d.mel_bands));
    if (d.audio_width % d.audio_heads || d.text_width % d.text_heads)
        return bad(weights, "its heads do not divide its width");
    if (d.audio_width != d.text_width) return bad(weights, "encoder and decoder differ in width");
    if (d.audio_layers < 1 || d.text_layers < 1) return bad(weights, "has no layers");
    if (d.text_context < 8 || d.audio_context < 8) return bad(weights, "its context is too small");
    return {};
}

}  // namespace

std::string size_name(const Dimensions& d) {
    switch (d.audio_width) {
        case 384:
            return "tiny";
        case 512:
            return "base";
        case 768:
            return "small";
        case 1024:
            return "medium";
        default:
            break;
    }
    if (d.audio_width != 1280) return fmt::format("{}x{}", d.audio_width, d.audio_layers);
    if (d.text_layers == 4) return "large-v3-turbo";
    return d.mel_bands == 128 ? "large-v3" : "large";
}

Result<Dimensions> read_dimensions(const Weights& weights) {
    const bool ggml = weights.format() == WeightsFormat::whisper_ggml;
    if (!ggml && weights.format() != WeightsFormat::ctranslate2)
        return bad(weights, fmt::format("is a {} file", to_string(weights.format())), ErrorCode::unsupported);
    CODA_TRY(const Dimensions dimensions, ggml ? ggml_dimensions(weights) : ctranslate2_dimensions(weights));
    CODA_CHECK(check(dimensions, weights));
    return dimensions;
}

Result<Network> record(std::shared_ptr<const Weights> weights) {
    CODA_TRY(const Dimensions dimensions, read_dimensions(*weights));
    for (const TensorView& tensor : weights->tensors())
        if (tensor.shape.rank() > 0 && tensor.name.ends_with("weight") && !is_weight(tensor.dtype))
            return fail(
                ErrorCode::unsupported,
                fmt::format("holds {}, which this build does not compute with", to_string(tensor.dtype)),
                weights->path() + ": " + tensor.name, "use the model in float16 or float32");
    auto program = std::make_shared<Program>("whisper-" + size_name(dimensions), weights);
    Recorder recorder(*program, dimensions, weights->format());
    const std::vector<Cache> self = recorder.caches(CacheSpec::Kind::growing, dimensions.text_context);
    const std::vector<Cache> cross = recorder.caches(CacheSpec::Kind::stored, dimensions.audio_context);
    Network network;
    network.dimensions = dimensions;
    network.encode = recorder.encode(cross);
    network.decode = recorder.decode(self, cross);
    CODA_CHECK(Status(program->status()));
    network.program = std::move(program);
    return network;
}

}  // namespace coda::models::whisper

// A small whole model of one of four architectures (the first byte says which), with bytes changed as the
// rest of the input says (pairs of a u16 offset and a byte): the file is refused, or its hyper-parameters,
// vocabulary and program hold together.
#include "models/llm/chat_template.h"
#include "models/llm/decoder_program.h"
#include "models/llm/vocabulary.h"
#include "runtime/weights.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace {

// Just enough of GGUF v3 to write one: little-endian, strings with a u64 length.
class GgufText {
  public:
    template <class T>
    void put(T value) {
        char bytes[sizeof(T)];
        std::memcpy(bytes, &value, sizeof(T));
        bytes_.append(bytes, sizeof(T));
    }
    void put_text(const std::string& text) {
        put<uint64_t>(text.size());
        bytes_ += text;
    }
    void u32(const std::string& key, uint32_t value) { begin(key, 4), put(value); }
    void f32(const std::string& key, float value) { begin(key, 6), put(value); }
    void text(const std::string& key, const std::string& value) { begin(key, 8), put_text(value); }
    void texts(const std::string& key, const std::vector<std::string>& values) {
        begin(key, 9);
        put<uint32_t>(8);
        put<uint64_t>(values.size());
        for (const auto& value : values) put_text(value);
    }
    void floats(const std::string& key, const std::vector<float>& values) {
        begin(key, 9);
        put<uint32_t>(6);
        put<uint64_t>(values.size());
        for (const float value : values) put(value);
    }
    std::string& bytes() { return bytes_; }
    uint64_t keys() const { return keys_; }

  private:
    void begin(const std::string& key, uint32_t type) {
        put_text(key);
        put(type);
        ++keys_;
    }
    std::string bytes_;
    uint64_t keys_ = 0;
};

struct Tensor {
    std::string name;
    std::vector<uint64_t> extents;  // innermost first
};

// What every architecture here has.
std::vector<Tensor> common_tensors(uint64_t vocabulary) {
    return {{"token_embd.weight", {8, vocabulary}},
            {"output_norm.weight", {8}},
            {"blk.0.attn_norm.weight", {8}},
            {"blk.0.ffn_norm.weight", {8}},
            {"blk.0.attn_output.weight", {8, 8}}};
}

void add(std::vector<Tensor>& tensors, std::initializer_list<Tensor> more) {
    for (const Tensor& tensor : more) tensors.push_back({"blk.0." + tensor.name + ".weight", tensor.extents});
}

std::vector<Tensor> tensors_of(const std::string& architecture, uint64_t vocabulary) {
    std::vector<Tensor> tensors = common_tensors(vocabulary);
    if (architecture == "phi3") {
        add(tensors, {{"attn_qkv", {8, 16}}, {"ffn_up", {8, 16}}, {"ffn_down", {8, 8}}});
        tensors.push_back({"rope_factors_long.weight", {2}});
        tensors.push_back({"rope_factors_short.weight", {2}});
        return tensors;
    }
    add(tensors, {{"attn_q", {8, 8}}, {"attn_k", {8, 4}}, {"attn_v", {8, 4}}});
    if (architecture != "llama") add(tensors, {{"attn_q_norm", {4}}, {"attn_k_norm", {4}}});
    if (architecture == "gemma3") add(tensors, {{"post_attention_norm", {8}}, {"post_ffw_norm", {8}}});
    if (architecture == "qwen3moe")
        add(tensors, {{"ffn_gate_inp", {8, 3}},
                      {"ffn_gate_exps", {8, 8, 3}},
                      {"ffn_up_exps", {8, 8, 3}},
                      {"ffn_down_exps", {8, 8, 3}}});
    else
        add(tensors, {{"ffn_gate", {8, 8}}, {"ffn_up", {8, 8}}, {"ffn_down", {8, 8}}});
    return tensors;
}

void put_tensors(GgufText& out, const std::vector<Tensor>& tensors) {
    uint64_t offset = 0;
    std::vector<float> values;
    for (const Tensor& tensor : tensors) {
        out.put_text(tensor.name);
        out.put<uint32_t>(static_cast<uint32_t>(tensor.extents.size()));
        uint64_t elements = 1;
        for (const uint64_t extent : tensor.extents) {
            out.put(extent);
            elements *= extent;
        }
        out.put<uint32_t>(0);
        out.put<uint64_t>(offset);
        offset += (elements * 4 + 31) / 32 * 32;
        values.resize(offset / 4, 1.0f);
    }
    out.bytes().resize((out.bytes().size() + 31) / 32 * 32);
    for (const float value : values) out.put(value);
}

std::string small_model(const std::string& architecture) {
    const bool pieces = architecture == "phi3" || architecture == "gemma3";
    const std::vector<std::string> tokens = {"a", "b", "ab", "Ġ", "Ċ", "<|im_start|>", "<|im_end|>"};
    const std::vector<Tensor> tensors = tensors_of(architecture, tokens.size());
    GgufText out;
    const auto key = [&](const char* name) { return architecture + "." + name; };
    out.u32(key("block_count"), 1);
    out.u32(key("embedding_length"), 8);
    out.u32(key("feed_forward_length"), 8);
    out.u32(key("attention.head_count"), 2);
    out.u32(key("attention.head_count_kv"), 1);
    out.u32(key("context_length"), 16);
    out.u32(key("attention.sliding_window"), 4);
    out.u32(key("expert_count"), architecture == "qwen3moe" ? 3 : 0);
    out.u32(key("expert_used_count"), 2);
    out.u32(key("rope.scaling.original_context_length"), 8);
    out.f32(key("attention.layer_norm_rms_epsilon"), 1e-5f);
    out.f32(key("attn_logit_softcapping"), 50);
    out.f32(key("final_logit_softcapping"), 30);
    out.f32(key("logit_scale"), 8);
    out.f32(key("rope.freq_base"), 1e4f);
    out.text(key("rope.scaling.type"), "linear");
    out.f32(key("rope.scaling.factor"), 2);
    out.text("general.architecture", architecture);
    out.text("tokenizer.ggml.model", pieces ? "llama" : "gpt2");
    out.text("tokenizer.ggml.pre", "gpt-2");
    out.texts("tokenizer.ggml.tokens", tokens);
    out.texts("tokenizer.ggml.merges", {"a b"});
    out.floats("tokenizer.ggml.scores", std::vector<float>(tokens.size(), -1));
    out.u32("tokenizer.ggml.eos_token_id", 6);
    out.text("tokenizer.chat_template", "<|im_start|>");
    GgufText file;
    file.bytes() = "GGUF";
    file.put<uint32_t>(3);
    file.put<uint64_t>(tensors.size());
    file.put<uint64_t>(out.keys());
    file.bytes() += out.bytes();
    put_tensors(file, tensors);
    return file.bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::models;
    static const std::string models[] = {small_model("llama"), small_model("gemma3"), small_model("phi3"),
                                         small_model("qwen3moe")};
    if (size == 0) return 0;
    const std::string& whole = models[data[0] % std::size(models)];
    std::string bytes = whole;
    ++data, --size;
    for (; size >= 3; data += 3, size -= 3) {
        bytes[static_cast<size_t>(data[0] | data[1] << 8) % bytes.size()] = static_cast<char>(data[2]);
    }
    const auto weights = coda::runtime::Weights::parse(std::as_bytes(std::span(bytes)), "fuzz");
    if (!weights) return 0;
    const auto config = llm::read_decoder_config(**weights);
    const auto tokenizer = llm::read_tokenizer(**weights);
    if (bytes == whole && !(config && tokenizer)) std::abort();
    for (const auto* error : {config ? nullptr : &config.error(), tokenizer ? nullptr : &tokenizer.error()}) {
        if (error != nullptr && error->message().find('\n') != std::string::npos) std::abort();
    }
    if (tokenizer) {
        (void)tokenizer->encode("ab a\n\xFF");
        llm::ChatTemplate((*weights)->string("tokenizer.chat_template").value_or(""), *tokenizer)
            .render({{{Role::user, "ab"}}}, llm::ChatTemplate::Last::closed);
    }
    if (!config) return 0;
    for (const auto* scaling : {&config->rope, &config->window_rope}) {
        for (const float frequency : scaling->rope(16).frequencies) {
            if (!std::isfinite(frequency)) std::abort();
        }
    }
    const auto program = llm::record_decoder(*weights, *config, 16);
    if (bytes == whole && !program) std::abort();
    return 0;
}

// A chat template as a model's file may carry it, over a conversation with a call in it: it renders within
// its bounds or says what is wrong.
#include "models/llm/jinja/template.h"

#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace {

namespace jinja = coda::models::llm::jinja;

const jinja::Template::Variables& variables() {
    static const jinja::Template::Variables kVariables = [] {
        const auto json = nlohmann::ordered_json::parse(
            R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":" u\u00e9 "},
                {"role":"assistant","content":"","tool_calls":[{"id":"123456789","function":{"name":"f","arguments":{"a":1}}}]},
                {"role":"tool","content":"[1, 2]"}],"tools":[{"type":"function","function":{"name":"f"}}],
                "add_generation_prompt":true,"bos_token":"<s>","eos_token":"</s>","x":-7,"y":2.5})");
        jinja::Template::Variables out;
        for (const auto& [name, value] : json.items())
            out.emplace_back(name, jinja::Value::from_json(value, jinja::Origin::input));
        return out;
    }();
    return kVariables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto parsed = jinja::Template::parse(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!parsed) return 0;
    jinja::RenderLimits limits;
    limits.steps = 20'000;
    limits.bytes = 1 << 16;
    const auto text = parsed->render(variables(), std::tm{}, limits);
    if (text && (text->bytes.size() != text->origins.size() || text->size() > limits.bytes)) std::abort();
    return 0;
}

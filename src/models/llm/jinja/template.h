// A chat template as GGUF files carry it: a Jinja program that writes a conversation as the text a model was
// trained on. Understood as transformers' sandboxed Jinja renders it, with its additions (raise_exception,
// strftime_now, tojson, {% generation %}, loop controls); template inheritance is not. Rendering is bounded
// in steps, depth and size, whatever the template does. Thread safety: immutable after parse(); render() may
// be called from any thread.
#pragma once

#include "base/result.h"
#include "models/llm/jinja/value.h"

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::models::llm::jinja {

struct RenderLimits {
    int64_t steps = 2'000'000;       // nodes evaluated, and 64 bytes written count as one
    size_t bytes = size_t{4} << 20;  // of the output, and of any text on the way
    int depth = 400;                 // of evaluation and of macros in each other
};

class Template {
  public:
    // Fails with bad_format or unsupported, naming line and column.
    static Result<Template> parse(std::string_view source);
    ~Template();
    Template(Template&&) noexcept;
    Template& operator=(Template&&) noexcept;

    using Variables = std::vector<std::pair<std::string, Value>>;
    // `now` is what strftime_now shows. Fails with invalid_argument (what the template computes makes no
    // sense, or it refuses these messages), unsupported, or exhausted, naming line and column.
    Result<Text> render(const Variables& variables, const std::tm& now,
                        const RenderLimits& limits = {}) const;

  private:
    explicit Template(std::shared_ptr<const Node> root);
    std::shared_ptr<const Node> root_;
};

}  // namespace coda::models::llm::jinja

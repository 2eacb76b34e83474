// From the bytes of tokens to text that can be shown and spoken: only whole characters come out, bytes that
// are no UTF-8 come out as U+FFFD, and what may be the start of a stop string waits until that is decided.
// Thread safety: one thread at a time. Owns its buffer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm {

class TextStream {
  public:
    // Empty stop strings are ignored.
    explicit TextStream(std::vector<std::string> stops);

    // Takes the next bytes; appends to `out` what is settled by them. True when a stop string is complete:
    // `out` then ends just before it, and the stream takes no more.
    bool push(std::string_view bytes, std::string& out);
    // The end of the text: what waited comes out, a cut character as U+FFFD.
    void finish(std::string& out);

  private:
    size_t first_stop() const;
    size_t settled() const;
    std::vector<std::string> stops_;
    std::string pending_;
    bool stopped_ = false;
};

}  // namespace coda::models::llm

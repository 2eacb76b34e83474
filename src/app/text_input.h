// Text that a person gave on the command line or through a pipe, checked before anything is loaded for it.
// Thread safety: free functions without state.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::app {

constexpr size_t kLongestText = size_t{1} << 20;  // bytes

// The byte at which `text` stops being UTF-8 (no overlong forms, no surrogates, at most U+10FFFF), or npos.
size_t first_invalid_utf8(std::string_view text);

// `text` without space at its ends. Fails with invalid_argument when nothing is left, it is not UTF-8, holds
// a NUL, or is longer than kLongestText; `where` names the source ("TEXT", "standard input").
Result<std::string> checked_text(std::string_view text, const std::string& where);

// The words of the command line joined by spaces; without any, all of standard input if that is no terminal.
Result<std::string> text_from(const std::vector<std::string>& words);

// Lines of standard input, one at a time, without blocking past a Cancel.
class LineReader {
  public:
    enum class Status { line, end, cancelled, too_long };
    // A line without its end; a last one without a newline counts. `on_idle`, where given, is called about
    // ten times a second while there is none.
    Status next(std::string& line, const Cancel& cancel, const std::function<void()>& on_idle = {});

  private:
    std::string buffer_;
    bool ended_ = false;
};

}  // namespace coda::app

// A pull reader for the large tables: it walks the text once, hands out views into it and builds nothing,
// which makes a 5 MB lexicon a matter of milliseconds. Strict JSON, except that numbers are plain decimals.
// Thread safety: one reader belongs to one thread. The text must outlive the reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coda::models::hibari {

class JsonReader {
  public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    bool begin_object() { return open('{'); }
    bool begin_array() { return open('['); }
    // Moves to the next member of the object or array that was begun last: false at its end, or on an error.
    bool next_key(std::string_view& key);
    bool next_element();
    // Values. A string is valid until the next call that reads a string.
    bool string(std::string_view& value);
    bool number(double& value);
    bool null();
    bool skip();  // any value, at most 64 levels deep

    // The first character of the next value: '"', '{', '[', 'n', a digit ...; '\0' at the end.
    char peek();
    // True when everything was read and nothing was wrong.
    bool finished();
    bool failed() const { return failed_; }
    // Where the reader stands, for errors.
    std::string place() const;

  private:
    void skip_space();
    bool open(char bracket);
    bool next_member(char closing);
    bool unescape(size_t from, std::string_view& value);
    bool append_escape(size_t& at);
    std::optional<char32_t> hex4(size_t at) const;
    bool wrong();

    std::string_view text_;
    size_t at_ = 0;
    bool first_ = false;
    bool failed_ = false;
    std::string scratch_, key_scratch_;
};

}  // namespace coda::models::hibari

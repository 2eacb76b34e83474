// Rewordings of a sentence by its function words alone: contractions, formal and casual words, shorter and
// other openings, the form of address. Works on text in which what must stay is kept aside (Kept). Thread
// safety: pure functions and values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coda::personality {

// A text with the parts that no rewording may touch put aside; each leaves one mark (kMark) in its place.
class Kept {
  public:
    static constexpr char kMark = '\x01';

    // Puts aside every whole-word occurrence of a quote in `text`.
    Kept(const std::string& text, const std::vector<std::string>& quotes);
    const std::string& text() const { return text_; }
    // `reworded` with the parts back in their places; empty when a mark was lost.
    std::string restore(const std::string& reworded) const;

  private:
    std::string text_;
    std::vector<std::string> parts_;
};

// Cut after . ! or ? where a blank and no lower-case letter follows.
std::vector<std::string> sentences_of(const std::string& text);

// "It's" -> "It is", "Okay," -> "Very well,".
std::string formal(const std::string& sentence);
// "It is" -> "It's", "Hello" -> "Hey".
std::string casual(const std::string& sentence);
// "It's three o'clock." -> "Three o'clock."
std::string without_opening(const std::string& sentence);
// "That's 144." -> "That comes to 144.": one of the other openings of `kind` ("calculate"), where it has any.
std::string with_other_opening(const std::string& sentence, std::string_view kind, uint64_t choice);
// "It is three o'clock." -> "It is three o'clock, sir."; "Very well, ..." -> "Very well, sir, ...".
std::string addressed(const std::string& sentence, const std::string& address);

}  // namespace coda::personality
